// The decoder of transcripts: the events of a stream, and whole answers.

import * as v from "valibot";
import { ProviderErrorBody, providerErrorIn, toErrorBody } from "../../core/gateway/provider-error-body.ts";
import type { ErrorBody } from "../../core/errors.ts";
import type { Piece, Usage } from "../../core/relay/answer.ts";
import type { Decoded, Dialect, SeenParts } from "../../core/relay/dialect.ts";
import {
  NullableText,
  orNull,
  ReportedTokens,
  toTokenUsage,
  UsageDetails,
} from "../../dialects/openai/answer-fields.ts";
import { textsIn } from "../../dialects/openai/texts.ts";

/** Eleven days. A longer report is a provider's fault. */
const MAX_SECONDS = 1_000_000;
/** Zero counts as absent too, because every recording has a length. */
const Seconds = orNull(v.pipe(v.number(), v.gtValue(0), v.maxValue(MAX_SECONDS)));

/** Usage in tokens or in seconds, as `type` says. Some servers omit the type. */
const ReportedUsage = orNull(
  v.object({
    type: NullableText,
    seconds: Seconds,
    input_tokens: orNull(ReportedTokens),
    output_tokens: orNull(ReportedTokens),
    total_tokens: orNull(ReportedTokens),
    input_token_details: UsageDetails,
  }),
);

type ReportedUsage = v.InferOutput<typeof ReportedUsage>;

const Segment = v.object({ start: v.number(), end: v.number(), text: v.string() });

/** An answer that is not streamed. */
const WholeTranscript = v.object({
  text: v.string(),
  /** Passed on unchanged. */
  usage: v.optional(v.unknown()),
  /** Seconds. */
  duration: Seconds,
  segments: orNull(v.array(Segment)),
});
export type WholeTranscript = v.InferOutput<typeof WholeTranscript>;

const EventBody = v.object({
  type: NullableText,
  delta: NullableText,
  text: NullableText,
  usage: ReportedUsage,
  error: v.nullish(ProviderErrorBody),
});

/** Parses the JSON of a whole answer. Throws when it does not match the schema. */
export const parseTranscript = (json: unknown): WholeTranscript => v.parse(WholeTranscript, json);

/** Creates the dialect for a model. Decoding throws when the JSON is invalid or does not match the schema. */
export function createTranscriptDialect(isPricedByTime: boolean): Dialect {
  const usagePieces = (usage: ReportedUsage, duration?: number | null): Piece[] => {
    const counted = toUsage(usage, duration, isPricedByTime);
    return counted ? [{ kind: "usage", usage: counted, alone: false }] : [];
  };
  return {
    decode(data, seen = new Set()) {
      if (data === "[DONE]") return { pieces: [{ kind: "end" }], json: undefined };
      const json: unknown = JSON.parse(data);
      const { usage, error, ...event } = v.parse(EventBody, json);
      if (error) return failed(toErrorBody(error), json);
      const pieces: Piece[] = [...textPieces(event, seen), ...usagePieces(usage)];
      if (event.type === "transcript.text.done") pieces.push({ kind: "finish", finish: "stop" });
      return { pieces, json };
    },
    decodeWhole(body) {
      const json: unknown = JSON.parse(body);
      const parsed = v.safeParse(WholeTranscript, json);
      const error = parsed.success ? undefined : providerErrorIn(json);
      if (error) return failed(error, json);
      const { text, usage, duration } = parseTranscript(json);
      const pieces: Piece[] = [{ kind: "text", text }, ...usagePieces(v.parse(ReportedUsage, usage), duration)];
      return { pieces: [...pieces, { kind: "finish", finish: "stop" }, { kind: "end" }], json };
    },
    allText(json) {
      const { type } = json as { type?: unknown };
      const isRepeated = type === "transcript.text.done" || type === "transcript.text.segment";
      return textsIn({ ...(json as object), ...(isRepeated ? { text: null } : {}), ...WITHOUT_NEW_TEXT }).join("");
    },
  };
}

/** Fields that repeat the text or describe it. Moderation skips them. */
const WITHOUT_NEW_TEXT = {
  segments: null,
  words: null,
  logprobs: null,
  segment_id: null,
  speaker: null,
  task: null,
  language: null,
  languages: null,
  usage: null,
};

const failed = (error: ErrorBody, json: unknown): Decoded => ({
  pieces: [{ kind: "error", error }, { kind: "end" }],
  json,
});

/** Returns the text that an event adds. Some servers send the text only in the event that ends a part. */
function textPieces(
  { type, delta, text }: { type?: unknown; delta?: unknown; text?: unknown },
  seen: SeenParts,
): Piece[] {
  const isSegment = type === "transcript.text.segment";
  if (typeof delta === "string") {
    seen.add("delta");
    return [{ kind: "text", text: delta }];
  }
  if (typeof text !== "string" || seen.has("delta") || (seen.has("segment") && !isSegment)) return [];
  if (isSegment) seen.add("segment");
  return [{ kind: "text", text }];
}

/**
 * Converts the usage, and rounds seconds up. Returns undefined when it is missing, or is in seconds without a price on
 * the card: the cost is then estimated.
 */
function toUsage(
  usage: ReportedUsage,
  duration: number | null | undefined,
  isPricedByTime: boolean,
): Usage | undefined {
  if (usage && usage.type !== "duration") {
    const { input_tokens: input, output_tokens: output, total_tokens: total } = usage;
    const tokens = toTokenUsage({ input, output, total }, usage.input_token_details, null);
    if (tokens) return tokens;
  }
  const seconds = usage?.seconds ?? duration;
  if (!isPricedByTime || !seconds) return undefined;
  return { input: 0, cached: 0, cacheWrite: 0, output: 0, reasoning: 0, audioSeconds: Math.ceil(seconds) };
}
