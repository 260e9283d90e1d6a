// The surface of POST /v1/completions, with usage in its streams.

import { COMPLETER } from "../../../support/catalog.ts";
import { emulate } from "../../../support/emulation.ts";
import type { Surface } from "../../../support/surface.ts";
import { OF_CHOICES } from "../../../support/surface.ts";

/** Tokens in the bound for those that a server adds to a prompt. */
export const ADDED_TOKENS = 4;

export const COMPLETIONS: Surface = {
  ...OF_CHOICES,
  path: "/v1/completions",
  upstream: "/v1/completions",
  bound: "max_tokens",
  shown: ({ prompt }) => new TextEncoder().encode(prompt as string).byteLength + ADDED_TOKENS,
  body: (script, stream) => ({
    model: COMPLETER,
    prompt: emulate(script),
    // More than any plan grants.
    max_tokens: 1_000_000,
    ...(stream ? { stream, stream_options: { include_usage: true } } : {}),
  }),
};
