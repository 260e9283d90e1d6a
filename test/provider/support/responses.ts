// A client of the emulated provider's Responses: response objects and stream events.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Response as ModelResponse, ResponseStreamEvent } from "openai/resources/responses/responses";
import { readEvents } from "../../support/events.ts";
import { readJson, send } from "./client.ts";

/** A stream event with the fields that tests read. */
export type StreamEvent = Record<string, unknown> & {
  type: ResponseStreamEvent["type"];
  sequence_number: number;
  response?: ModelResponse;
};

/** Sends a Responses request. The fields replace the default model and input. */
export function sendResponse(fields: object, init?: RequestInit): Promise<Response> {
  return send("POST", "/v1/responses", { model: "gpt-5-mini", input: "Hi", ...fields }, init);
}

/** The response to a request without a stream. */
export async function respond(fields: object): Promise<ModelResponse> {
  return readJson<ModelResponse>(await sendResponse(fields));
}

/** The events of a streamed response. Throws when an event's name differs from its type. */
export async function streamResponse(fields: object): Promise<StreamEvent[]> {
  const text = await (await sendResponse({ stream: true, ...fields })).text();
  return readEvents(text).map(({ name, data }) => {
    const event = JSON.parse(data) as StreamEvent;
    if (event.type !== name) throw new Error(`The event '${name}' has the data ${data}`);
    return event;
  });
}

/** The events of a recorded stream in test/fixtures. */
export function recordedEvents(name: string): StreamEvent[] {
  const path = join(import.meta.dirname, "../../fixtures", `responses-${name}.jsonl`);
  const lines = readFileSync(path, "utf8").trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line) as StreamEvent);
}

/** The types of events in order, without repetitions. */
export function typesOf(events: StreamEvent[]): string[] {
  return events.map((event) => event.type).filter((type, index, all) => type !== all[index - 1]);
}

/** The joined deltas of all events of a type. */
export function joinDeltas(events: StreamEvent[], type: ResponseStreamEvent["type"]): string {
  return events.flatMap((event) => (event.type === type ? [event["delta"]] : [])).join("");
}
