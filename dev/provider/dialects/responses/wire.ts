// Writes a response as stream frames with sequence numbers.
// The parts of a token's event around the token and its number are built once for each stream.
import type { JsonObject } from "../../kernel/body.ts";
import { noise } from "../../kernel/delivery/obfuscation.ts";
import type { Frames } from "../../kernel/delivery/paced-stream.ts";
import { SERVER_ERROR } from "../../kernel/faults.ts";
import type { GeneratedAnswer } from "./answer.ts";
import { hostedEvents, reasoningEvents, replyEvents, type ResponseEvent } from "./events.ts";
import type { OutputItems } from "./items.ts";

export interface StreamedResponse {
  answer: GeneratedAnswer;
  items: OutputItems;
  /** The response in the first events. */
  running: JsonObject;
  /** The response while it is queued. Only a background response has this state. */
  queued: JsonObject | undefined;
  /** The response in the last event. */
  finished: JsonObject;
  /** The response in the last event when the stream fails after that many tokens. */
  failed: (tokensSent: number) => JsonObject;
  obfuscated: boolean;
  flatError: boolean;
}

/** Converts an answer to stream frames. */
export function toResponsesFrames(streamed: StreamedResponse): Frames {
  const { answer, items, obfuscated, finished } = streamed;
  const { reasoning, hosted } = items;
  const firstHosted = reasoning ? 1 : 0;
  const reply = items.reply && replyEvents(answer, items.reply, firstHosted + hosted.length);
  const head = [
    ...openingEvents(streamed),
    ...(reasoning ? reasoningEvents(reasoning, 0, answer.summary, obfuscated) : []),
    ...hosted.flatMap((item, index) => hostedEvents(item, firstHosted + index)),
    ...(reply?.opening ?? []),
  ];
  const ending: ResponseEvent = [`response.${String(finished["status"])}`, { response: finished }];
  const tail = [...(reply?.closing ?? []), ending];
  const tokenCount = reply ? answer.pieces.length : 0;

  const { type, before, after } = reply?.delta ?? { type: "", before: {}, after: {} };
  const start = `event: ${type}\ndata: {"type":"${type}","sequence_number":`;
  const middle = `,${inner(before)},"delta":`;
  const end = inner(after) === "" ? "" : `,${inner(after)}`;
  return {
    head: head.map((event, index) => write(event, index)),
    tokenCount,
    token(position) {
      const piece = answer.pieces[position] ?? "";
      const padding = obfuscated ? `,"obfuscation":"${noise(position, piece.length)}"` : "";
      return `${start}${head.length + position}${middle}${JSON.stringify(piece)}${end}${padding}}\n\n`;
    },
    tail: tail.map((event, index) => write(event, head.length + tokenCount + index)),
    failure: (framesSent, tokensSent) => writeFailure(streamed, framesSent, tokensSent),
  };
}

function openingEvents({ running, queued }: StreamedResponse): ResponseEvent[] {
  const waiting: ResponseEvent[] = queued ? [["response.queued", { response: queued }]] : [];
  return [
    ["response.created", { response: queued ?? running }],
    ...waiting,
    ["response.in_progress", { response: running }],
  ];
}

/** The error and the failed response. A stream without frames is opened first. */
function writeFailure(streamed: StreamedResponse, framesSent: number, tokensSent: number): string {
  const { message, param, type } = SERVER_ERROR;
  const error: ResponseEvent = streamed.flatError
    ? ["error", { code: type, message, param }]
    : ["error", { error: { type, code: type, message, param } }];
  const failed: ResponseEvent = ["response.failed", { response: streamed.failed(tokensSent) }];
  const events = [...(framesSent === 0 ? openingEvents(streamed) : []), error, failed];
  return events.map((event, index) => write(event, framesSent + index)).join("");
}

function write([type, fields]: ResponseEvent, number: number): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: number, ...fields })}\n\n`;
}

function inner(fields: JsonObject): string {
  return JSON.stringify(fields).slice(1, -1);
}
