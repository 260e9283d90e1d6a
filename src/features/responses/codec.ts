// The pass-through codec of Responses streams. It replaces only the provider's error events.

import type { ErrorBody } from "../../core/errors.ts";
import type { CreateEventCodec } from "../../core/relay/codec.ts";

const encoder = new TextEncoder();
const NOTHING = new Uint8Array(0);

type Json = Record<string, unknown>;

/** The fields of an event that its decoded pieces do not hold. */
interface ResponsesEvent {
  sequence_number?: number;
  response?: Json;
  type?: string;
  output_index?: number;
  item?: Json;
  delta?: string;
}

/**
 * Passes events through. The provider's error events are dropped: `fail` sends Weir's `error` and `response.failed`.
 */
export const passResponsesEvents: CreateEventCodec = (progress, blockable) => {
  let pending = "";
  /** The last event that was passed on. */
  let last: ResponsesEvent = {};
  let response: Json = {};
  /** The items that have begun and the text of each, kept only when the answer can be blocked. */
  const items: Json[] = [];
  const texts: string[] = [];

  const nextNumber = () => (last.sequence_number ?? 0) + 1;
  const keep = ({ type, output_index: at, item, delta }: ResponsesEvent) => {
    if (at === undefined) return;
    if (item) items[at] = item;
    if (type === "response.output_text.delta") texts[at] = (texts[at] ?? "") + (delta ?? "");
  };

  return {
    pace: "at once",
    push({ raw, pieces, json }) {
      const event = json as ResponsesEvent | undefined;
      if (event) {
        // The first and the last event hold the response object.
        if (pieces.length === 0 || progress.ended) response = event.response ?? response;
        if (blockable) keep(event);
      }
      if (pieces.some(({ kind }) => kind === "error")) return;
      pending += raw;
      last = event ?? last;
    },
    take() {
      if (pending === "") return NOTHING;
      const bytes = encoder.encode(pending);
      pending = "";
      return bytes;
    },
    conclude: () => NOTHING,
    block() {
      // Clients find each output item by its index, so items that have not ended are sent too.
      const output = items.map((item, at) => {
        const content = [{ type: "output_text", text: texts[at] ?? "", annotations: [] }];
        return item["type"] === "message" ? Object.assign(item, { status: "incomplete", content }) : item;
      });
      const blocked = { ...response, output, status: "incomplete", incomplete_details: { reason: "content_filter" } };
      return encoder.encode(toEvent("response.incomplete", nextNumber(), { response: blocked }));
    },
    fail(error) {
      const number = nextNumber();
      const { message, code } = error;
      const failed = { ...response, status: "failed", error: { code: code ?? "server_error", message } };
      return encoder.encode(
        toEvent("error", number, { error }) + toEvent("response.failed", number + 1, { response: failed }),
      );
    },
  };
};

/** Writes an event. Clients expect an error's fields nested under `error`, beside `type` and `sequence_number`. */
function toEvent(type: string, sequenceNumber: number, rest: { error: ErrorBody } | { response: unknown }): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: sequenceNumber, ...rest })}\n\n`;
}
