// The decoder of the events of a speech: `speech.audio.delta`, `speech.audio.done` and errors.

import * as v from "valibot";
import { ProviderErrorBody, toErrorBody } from "../../core/gateway/provider-error-body.ts";
import type { Piece } from "../../core/relay/answer.ts";
import type { Decoded } from "../../core/relay/dialect.ts";
import { NullableText, orNull, ReportedTokens, toTokenUsage } from "../../dialects/openai/answer-fields.ts";

const SpeechEvent = v.object({
  type: NullableText,
  /** Base64. */
  audio: NullableText,
  usage: orNull(
    v.object({
      input_tokens: v.nullish(ReportedTokens),
      output_tokens: v.nullish(ReportedTokens),
      total_tokens: v.nullish(ReportedTokens),
    }),
  ),
  error: orNull(ProviderErrorBody),
  message: NullableText,
  param: NullableText,
  code: NullableText,
});
export type SpeechEvent = v.InferOutput<typeof SpeechEvent>;

/** Decodes the data of one event. Throws when it is not a JSON object. */
export function decodeSpeechEvent(data: string): Decoded {
  const json = v.parse(SpeechEvent, JSON.parse(data));
  return { pieces: piecesOf(json), json };
}

function piecesOf(event: SpeechEvent): Piece[] {
  if (event.error || event.type === "error") {
    return [{ kind: "error", error: toErrorBody(event.error ?? { ...event, type: null }) }, { kind: "end" }];
  }
  if (event.type !== "speech.audio.done") return [];
  const { input_tokens: input, output_tokens: output, total_tokens: total } = event.usage ?? {};
  const usage = toTokenUsage({ input, output, total }, null, null);
  // All output is audio.
  const audio = { input: 0, cached: 0, output: usage?.output ?? 0 };
  return [
    ...(usage ? [{ kind: "usage", usage: { ...usage, audio }, alone: false } as const] : []),
    { kind: "finish", finish: "stop" },
    { kind: "end" },
  ];
}
