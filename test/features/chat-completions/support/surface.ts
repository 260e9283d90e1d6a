// The surface of POST /v1/chat/completions, with and without usage in its streams.

import { emulate } from "../../../support/emulation.ts";
import { shownBytes } from "../../../support/shown-input.ts";
import type { Surface } from "../../../support/surface.ts";
import { OF_CHOICES } from "../../../support/surface.ts";

export const OPENAI: Surface = {
  ...OF_CHOICES,
  path: "/v1/chat/completions",
  upstream: "/v1/chat/completions",
  bound: "max_completion_tokens",
  shown: shownBytes,
  body: (script, stream) => ({
    model: "o4-mini",
    messages: [{ role: "user", content: emulate(script) }],
    ...(stream ? { stream, stream_options: { include_usage: true } } : {}),
  }),
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
