// The surface of POST /v1/responses.

import type { ErrorEnvelope } from "../../../support/caller.ts";
import { emulate } from "../../../support/emulation.ts";
import { readEvents } from "../../../support/events.ts";
import type { Surface } from "../../../support/surface.ts";
import { OVER_RESPONSES } from "../../../support/surface.ts";

interface ResponsesEnd {
  response?: ResponsesEnd;
  usage?: { total_tokens: number } | null;
  error?: ErrorEnvelope["error"];
}

export const RESPONSES: Surface = {
  ...OVER_RESPONSES,
  truncated: '"reason":"max_output_tokens"',
  path: "/v1/responses",
  body: (script, stream) => ({ model: "o4-mini", input: emulate(script), ...(stream ? { stream } : {}) }),
  tokens(text, stream) {
    const end = JSON.parse(stream ? (readEvents(text).at(-1)?.data ?? "") : text) as ResponsesEnd;
    return (stream ? end.response : end)?.usage?.total_tokens ?? NaN;
  },
  failure(text) {
    const [before, last] = readEvents(text).slice(-2);
    if (last?.name === "response.completed" || last?.name === "response.incomplete") return undefined;
    const { error } = JSON.parse(before?.data ?? "{}") as ResponsesEnd;
    if (last?.name === "response.failed" && before?.name === "error" && error) return error;
    throw new Error(`an unfinished stream: ${text}`);
  },
};
