// How a response is streamed: its events as frames, numbered through. One event a token, so everything in that event but
// the token and the number is made once.
import type { JsonObject } from "../../kernel/body.ts";
import { SERVER_ERROR } from "../../kernel/faults.ts";
import { noise } from "../../kernel/delivery/obfuscation.ts";
import type { Frames } from "../../kernel/delivery/paced-stream.ts";
import type { ResponseAnswer } from "./answer.ts";
import { type Event, reasoningEvents, replyEvents, searchEvents } from "./events.ts";
import type { OutputItems } from "./items.ts";

export interface Told {
  answer: ResponseAnswer;
  items: OutputItems;
  /** The response of the first events. */
  running: JsonObject;
  /** The same while it waits, when it is in the background. */
  queued: JsonObject | undefined;
  /** The response of the last event. */
  finished: JsonObject;
  /** The response of the last event after an error that comes after so many tokens. */
  failed: (tokensSent: number) => JsonObject;
  obfuscated: boolean;
  flatError: boolean;
}

/** The answer as stream frames. */
export function toFrames(told: Told): Frames {
  const { answer, items, obfuscated, finished } = told;
  const { reasoning, searches } = items;
  const firstSearch = reasoning ? 1 : 0;
  const reply = items.reply && replyEvents(answer, items.reply, firstSearch + searches.length);
  const head = [
    ...openingEvents(told),
    ...(reasoning ? reasoningEvents(reasoning, 0, answer.summary, obfuscated) : []),
    ...searches.flatMap((item, index) => searchEvents(item, firstSearch + index)),
    ...(reply?.opening ?? []),
  ];
  const ending: Event = [`response.${String(finished["status"])}`, { response: finished }];
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
    failure: (framesSent, tokensSent) => writeFailure(told, framesSent, tokensSent),
  };
}

function openingEvents({ running, queued }: Told): Event[] {
  const waiting: Event[] = queued ? [["response.queued", { response: queued }]] : [];
  return [
    ["response.created", { response: queued ?? running }],
    ...waiting,
    ["response.in_progress", { response: running }],
  ];
}

/** The error and the failed response. A stream that breaks at once has still been opened. */
function writeFailure(told: Told, framesSent: number, tokensSent: number): string {
  const { message, param, type } = SERVER_ERROR;
  const error: Event = told.flatError
    ? ["error", { code: type, message, param }]
    : ["error", { error: { type, code: type, message, param } }];
  const failed: Event = ["response.failed", { response: told.failed(tokensSent) }];
  const events = [...(framesSent === 0 ? openingEvents(told) : []), error, failed];
  return events.map((event, index) => write(event, framesSent + index)).join("");
}

function write([type, fields]: Event, number: number): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: number, ...fields })}\n\n`;
}

function inner(fields: JsonObject): string {
  return JSON.stringify(fields).slice(1, -1);
}
