// Schemas of fields that the answers of OpenAI's endpoints share, such as usage.

import * as v from "valibot";
import type { ModalityUsage, Piece, Usage } from "../../core/relay/answer.ts";

/**
 * A field that becomes null when the provider's value does not match the schema, so that the answer is still decoded.
 */
export const orNull = <Schema extends v.GenericSchema>(schema: Schema) => v.fallback(v.nullish(schema), null);

export const NullableText = orNull(v.string());
/** A higher count is a provider's fault, and could overflow the ledger where usage above the bound is charged. */
const MAX_REPORTED_TOKENS = 1e9;
export const ReportedTokens = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(MAX_REPORTED_TOKENS));

/** The text of a tool call's arguments. Some servers send the object itself. */
export const ToolArguments = v.optional(
  v.pipe(
    v.unknown(),
    v.transform((value) => (typeof value === "string" || value === null ? (value ?? "") : JSON.stringify(value))),
  ),
  "",
);

/** Content as a text or as a list of parts. Invalid parts are left out. */
export const AnswerContent = v.optional(
  v.pipe(
    v.unknown(),
    v.transform((content) => (Array.isArray(content) ? content : [content]).flatMap(toPart)),
  ),
  [],
);

/** A part of an answer's content. `isRefusal`: the text says why the model refuses. */
export interface AnswerPart {
  text: string;
  isRefusal: boolean;
}

/** Converts a part to pieces. */
export const toTextPieces = ({ text, isRefusal }: AnswerPart): Piece[] => [
  { kind: "text", text },
  ...(isRefusal ? [{ kind: "finish", finish: "refusal" } as const] : []),
];

/** Reasoning and parts of unknown types have no text of the answer. */
function toPart(part: unknown): AnswerPart[] {
  const {
    type = "text",
    text,
    refusal,
  } = (typeof part === "string" ? { text: part } : (part ?? {})) as Record<string, unknown>;
  const isRefusal = type === "refusal";
  const shown = isRefusal ? refusal : type === "text" || type === "output_text" ? text : "";
  return typeof shown === "string" && shown !== "" ? [{ text: shown, isRefusal }] : [];
}

/** The details of a token count. Unknown details are ignored. */
export const UsageDetails = orNull(
  v.object({
    cached_tokens: v.nullish(ReportedTokens),
    cache_write_tokens: v.nullish(ReportedTokens),
    reasoning_tokens: v.nullish(ReportedTokens),
    image_tokens: v.nullish(ReportedTokens),
    audio_tokens: v.nullish(ReportedTokens),
  }),
);
type UsageDetails = v.InferOutput<typeof UsageDetails>;

/** Returns the field `usage` of an answer's JSON; undefined when it does not match the schema. */
export function usageFieldOf<Schema extends v.GenericSchema>(
  body: unknown,
  schema: Schema,
): v.InferOutput<Schema> | undefined {
  const parsed = v.safeParse(schema, (body as { usage?: unknown } | null)?.usage);
  return parsed.success ? parsed.output : undefined;
}

/** Token counts as the provider reports them. */
export interface TokenCounts {
  input?: number | null | undefined;
  output?: number | null | undefined;
  total?: number | null | undefined;
}

/**
 * Converts token counts to a usage. A missing detail counts as zero. Output is never less than the total without the
 * input: some providers count reasoning beside the output. Returns undefined when counts are missing, or all are zero.
 */
export function toTokenUsage(
  counts: TokenCounts,
  inputDetails: UsageDetails,
  outputDetails: UsageDetails,
): Usage | undefined {
  const reasoning = outputDetails?.reasoning_tokens ?? 0;
  const reported = counts.output ?? undefined;
  const total = counts.total ?? undefined;
  // A total alone counts as output, which costs more than input.
  const input = counts.input ?? (total === undefined ? undefined : Math.max(0, total - (reported ?? total)));
  if (input === undefined || (reported ?? total) === undefined) return undefined;
  const visible = reported ?? 0;
  // More reasoning than output means that the output does not include it.
  const output = Math.max(visible, (total ?? 0) - input, reasoning > visible ? visible + reasoning : 0);
  if (input + output === 0 || (reported === undefined && output === 0)) return undefined;
  const image = toModalityUsage(inputDetails?.image_tokens, outputDetails?.image_tokens);
  const audio = toModalityUsage(inputDetails?.audio_tokens, outputDetails?.audio_tokens);
  return {
    input,
    cached: inputDetails?.cached_tokens ?? 0,
    cacheWrite: inputDetails?.cache_write_tokens ?? 0,
    output,
    reasoning,
    ...(image ? { image } : {}),
    ...(audio ? { audio } : {}),
  };
}

/** OpenAI does not report cached tokens by modality, so all of them count as uncached. */
function toModalityUsage(input: number | null | undefined, output: number | null | undefined) {
  if (!input && !output) return undefined;
  return { input: input ?? 0, cached: 0, output: output ?? 0 } satisfies ModalityUsage;
}
