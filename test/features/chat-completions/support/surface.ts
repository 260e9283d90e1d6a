// The surface of POST /v1/chat/completions, with and without usage in its streams.

import type { ErrorEnvelope } from "../../../support/caller.ts";
import { emulate } from "../../../support/emulation.ts";
import { readEvents } from "../../../support/events.ts";
import { shownBytes } from "../../../support/shown-input.ts";
import type { Surface } from "../../../support/surface.ts";

interface OpenaiEnd {
  usage?: { total_tokens: number };
  error?: ErrorEnvelope["error"];
}

export const OPENAI: Surface = {
  path: "/v1/chat/completions",
  upstream: "/v1/chat/completions",
  bound: "max_completion_tokens",
  truncated: '"finish_reason":"length"',
  shown: shownBytes,
  body: (script, stream) => ({
    model: "o4-mini",
    messages: [{ role: "user", content: emulate(script) }],
    ...(stream ? { stream, stream_options: { include_usage: true } } : {}),
  }),
  tokens(text, stream) {
    // The usage chunk is the last one before [DONE].
    const { usage } = JSON.parse(stream ? (readEvents(text).at(-2)?.data ?? "") : text) as OpenaiEnd;
    return usage?.total_tokens ?? NaN;
  },
  failure(text) {
    const last = readEvents(text).at(-1)?.data;
    if (last === "[DONE]") return undefined;
    const { error } = JSON.parse(last ?? "{}") as OpenaiEnd;
    if (error) return error;
    throw new Error(`an unfinished stream: ${text}`);
  },
};

/** Streams without usage. */
export const PLAIN: Surface = {
  ...OPENAI,
  body(script, stream) {
    const { stream_options: _asked, ...body } = OPENAI.body(script, stream);
    return body;
  },
  tokens: (text, stream) => (stream ? NaN : OPENAI.tokens(text, stream)),
};

/** Streams with usage pass whole. From the others, the usage is removed. */
export const COMPLETIONS: [string, Surface][] = [
  ["with usage", OPENAI],
  ["without usage", PLAIN],
];
