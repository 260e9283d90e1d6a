// The pass-through codec of Responses streams. It replaces only the provider's error events.

import type { ErrorBody } from "../../core/errors.ts";
import type { ChargedTokens, CreateEventCodec } from "../../core/relay/codec.ts";
import type { Json } from "./memo.ts";
import { toMemo } from "./memo.ts";
import type { ItemEvent, PendingEvent } from "./open-items.ts";
import { createOpenItems } from "./open-items.ts";

const encoder = new TextEncoder();
const NOTHING = new Uint8Array(0);

/** The fields of an event that its decoded pieces do not hold. */
interface ResponsesEvent extends ItemEvent {
  sequence_number?: number;
  response?: Json;
}

interface PassOptions {
  /** Adds a memo before the last event. */
  memo: boolean;
}

/**
 * Passes events through. The provider's error events are dropped: `fail` sends Weir's `error` and `response.failed`.
 */
export const passResponsesEvents =
  ({ memo }: PassOptions): CreateEventCodec =>
  (progress) => {
    let pending = "";
    /** The last event that was passed on. */
    let last: ResponsesEvent = {};
    let response: Json = {};
    const openItems = createOpenItems();

    const nextNumber = () => (last.sequence_number ?? 0) + 1;
    /** Writes the end of an answer that Weir stopped. */
    const cut = (reason: "content_filter" | "max_output_tokens", usage: object = {}) => {
      const { output, events } = openItems.end();
      const incomplete = { ...response, output, status: "incomplete", incomplete_details: { reason }, ...usage };
      const end: ResponsesEvent = { type: "response.incomplete", response: incomplete };
      return encoder.encode(
        write(nextNumber(), [...events, ...(memo ? endWithMemo(end) : [[end.type, end] as PendingEvent])]),
      );
    };

    return {
      pace: "at once",
      push({ raw, pieces, json }) {
        const event = json as ResponsesEvent | undefined;
        // The first and the last event hold the response object.
        if (event && (pieces.length === 0 || progress.ended)) response = event.response ?? response;
        if (pieces.some(({ kind }) => kind === "error")) return;
        if (event) openItems.add(event);
        pending += memo && event && progress.ended ? write(event.sequence_number ?? 0, endWithMemo(event)) : raw;
        last = event ?? last;
      },
      take() {
        if (pending === "") return NOTHING;
        const bytes = encoder.encode(pending);
        pending = "";
        return bytes;
      },
      conclude: () => (progress.overran ? cut("max_output_tokens") : NOTHING),
      block: (_error, _first, charged) => cut("content_filter", { usage: toUsage(charged) }),
      fail(error) {
        const failed = { ...response, status: "failed", error: toResponseError(error) };
        const { message, code, param } = error;
        return encoder.encode(
          write(nextNumber(), [
            // OpenAI's specification has the fields in the event. Its streams, and some clients, nest them.
            ["error", { code, message, param, error }],
            ["response.failed", { response: failed }],
          ]),
        );
      },
    };
  };

const toUsage = ({ input, cached, output, reasoning }: ChargedTokens) => ({
  input_tokens: input,
  input_tokens_details: { cached_tokens: cached, cache_write_tokens: 0 },
  output_tokens: output,
  output_tokens_details: { reasoning_tokens: reasoning },
  total_tokens: input + output,
});

/** Returns the last event of an answer, after the events of its memo. */
function endWithMemo(end: ResponsesEvent): PendingEvent[] {
  const { type = "", response = {} } = end;
  const output = (response["output"] ?? []) as unknown[];
  if (output.length === 0) return [[type, { ...end }]];
  const item = toMemo(output);
  const place = { output_index: output.length, item };
  return [
    ["response.output_item.added", place],
    ["response.output_item.done", place],
    [type, { ...end, response: { ...response, output: [...output, item] } }],
  ];
}

/** Writes events with consecutive numbers. */
const write = (firstNumber: number, events: PendingEvent[]) =>
  events
    .map(([type, fields], index) => {
      const json = JSON.stringify({ type, ...fields, sequence_number: firstNumber + index });
      return `event: ${type}\ndata: ${json}\n\n`;
    })
    .join("");

/** The codes of a failed response in OpenAI's specification. */
const RESPONSE_CODES = new Set([
  "server_error",
  "rate_limit_exceeded",
  "invalid_prompt",
  "data_residency_mismatch",
  "bio_policy",
  "misalignment_policy_violation",
  "vector_store_timeout",
  "invalid_image",
  "invalid_image_format",
  "invalid_base64_image",
  "invalid_image_url",
  "image_too_large",
  "image_too_small",
  "image_parse_error",
  "image_content_policy_violation",
  "invalid_image_mode",
  "image_file_too_large",
  "unsupported_image_media_type",
  "empty_image_file",
  "failed_to_download_image",
  "image_file_not_found",
]);

/** Converts an error to that of a failed response. Clients in typed languages reject other codes. */
function toResponseError({ code, message, type }: ErrorBody) {
  if (code !== null && RESPONSE_CODES.has(code)) return { code, message };
  if (code === "provider_overloaded") return { code: "rate_limit_exceeded", message };
  return { code: type === "invalid_request_error" ? "invalid_prompt" : "server_error", message };
}
