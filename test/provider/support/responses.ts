// How tests ask the emulated provider for a response: requests in, response objects and stream events out.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Response as ModelResponse, ResponseStreamEvent } from "openai/resources/responses/responses";
import { readJson, send } from "./client.ts";
import { readEvents } from "../../support/events.ts";

/** An event of a stream with what tests look at; every event has more. */
export type StreamEvent = Record<string, unknown> & {
  type: ResponseStreamEvent["type"];
  sequence_number: number;
  response?: ModelResponse;
};

/** Sends a response; a model and an input are there unless the fields replace them. */
export function sendResponse(fields: object, init?: RequestInit): Promise<Response> {
  return send("POST", "/v1/responses", { model: "gpt-5-mini", input: "Hi", ...fields }, init);
}

/** The response to a request that is not streamed. */
export async function respond(fields: object): Promise<ModelResponse> {
  return readJson<ModelResponse>(await sendResponse(fields));
}

/** The events of a streamed response. Throws when one has another name than its type. */
export async function streamResponse(fields: object): Promise<StreamEvent[]> {
  const text = await (await sendResponse({ stream: true, ...fields })).text();
  return readEvents(text).map(({ name, data }) => {
    const event = JSON.parse(data) as StreamEvent;
    if (event.type !== name) throw new Error(`'${name}' is the name of ${data}`);
    return event;
  });
}

/** A recorded stream of test/fixtures. */
export function recordedEvents(name: string): StreamEvent[] {
  const path = join(import.meta.dirname, "../../fixtures", `responses-${name}.jsonl`);
  const lines = readFileSync(path, "utf8").trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line) as StreamEvent);
}

/** The input of a scripted request; `question` follows the script's line. */
export function scriptedInput(script: object, question = ""): string {
  return `emulate ${JSON.stringify(script)}\n${question}`;
}

/** The types of events in their order, each run of the same type once. */
export function typesOf(events: StreamEvent[]): string[] {
  return events.map((event) => event.type).filter((type, index, all) => type !== all[index - 1]);
}

/** The deltas of a type of event, joined. */
export function joinDeltas(events: StreamEvent[], type: ResponseStreamEvent["type"]): string {
  return events.flatMap((event) => (event.type === type ? [event["delta"]] : [])).join("");
}
