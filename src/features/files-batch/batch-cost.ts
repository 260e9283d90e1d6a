// The cost of an ended batch: the sum of its lines, checked against the provider's own sum. Pure.

import * as v from "valibot";
import { excessOver, leastOf } from "../../core/catalog/quota-window.ts";
import type { BatchRoute } from "../../core/gateway/batch-route.ts";
import type { JobEnd } from "../../core/jobs/job-kind.ts";
import { costOf } from "../../core/quota/price.ts";
import type { Usage } from "../../core/relay/answer.ts";
import { toTokenUsage } from "../../dialects/openai/answer-fields.ts";
import type { Prices } from "./batch-rates.ts";
import type { OutputLine } from "./output-lines.ts";

/** What settles a batch, stored with its job. The prices are those of its creation. */
export interface BatchTerms {
  url: string;
  /** The bound of all lines. */
  tokens: number;
  nanoUsd: number;
  prices: Prices | null;
}

interface Cost {
  tokens: number;
  nanoUsd: number;
}

/** The cost of the lines that were read. */
export interface LineSum extends Cost {
  /** Lines with a successful answer. */
  answered: number;
  /** Successful answers without usage, and output that the provider no longer has. */
  unknown: number;
}

export const emptySum = (): LineSum => ({ tokens: 0, nanoUsd: 0, answered: 0, unknown: 0 });

/** Adds a line to a sum. A line without usage costs nothing when it failed. Without a route, no usage is known. */
export function addLine(sum: LineSum, line: OutputLine, { prices }: BatchTerms, route: BatchRoute | undefined): void {
  const { status, body } = readAnswer(line);
  const usage = route?.usageOf(body);
  if (status === 200) sum.answered += 1;
  if (usage) {
    sum.tokens += usage.input + usage.output;
    sum.nanoUsd += costAt(prices, usage);
  } else if (status === 200) sum.unknown += 1;
}

const Json = v.pipe(v.string(), v.parseJson());
const Answer = v.pipe(
  Json,
  v.object({ response: v.nullish(v.object({ status_code: v.number(), body: v.unknown() })) }),
);

/** The last usage of a text. Inside of texts, its quotes would have backslashes. */
const LAST_USAGE = /^.*("usage"\s*:\s*\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\})/s;

/** Reads the status and the body of a line's answer. Of a line that was not held, the body is only the usage. */
function readAnswer({ text, tail }: OutputLine): { status?: number; body?: unknown } {
  if (tail !== undefined) {
    const status = Number(/"status_code"\s*:\s*(\d{3})/.exec(text + tail)?.[1] ?? 200);
    const body = v.safeParse(Json, `{${LAST_USAGE.exec(tail)?.[1] ?? ""}}`);
    return { status, body: body.output };
  }
  const line = v.safeParse(Answer, text);
  // What cannot be read may be an answer.
  if (!line.success) return { status: 200 };
  const { response } = line.output;
  return response ? { status: response.status_code, body: response.body } : {};
}

/** The provider's own sum of a batch. */
interface Reported {
  /** Lines with a successful answer. */
  completed: number;
  /** The field `usage`. */
  usage: unknown;
}

/**
 * Returns the end of a batch:
 * - Its cost is that of its lines. Where the provider's own sum is higher, it is that sum.
 * - Where the usage of a line is not known or a line is missing, it is at least the provider's sum, if that counts more
 *   than the other lines.
 * - Otherwise it is at least the whole bound. A missing line that the provider's sum does not count costs nothing.
 */
export function toBatchEnd(sum: LineSum, { completed, usage: reported }: Reported, terms: BatchTerms): JobEnd {
  const usage = readBatchUsage(reported);
  const countsMore = usage !== undefined && usage.input + usage.output > sum.tokens;
  const isKnown = sum.unknown === 0 && (sum.answered >= completed || (usage !== undefined && !countsMore));
  const isCounted = usage !== undefined && (isKnown || countsMore);
  const least = isCounted ? reportedCost(usage, terms, isKnown) : isKnown ? sum : terms;
  const amounts = {
    tokens: Math.max(sum.tokens, least.tokens),
    nanoUsd: Math.max(sum.nanoUsd, least.nanoUsd),
    requests: 1,
  };
  const bound = { tokens: terms.tokens, nanoUsd: terms.nanoUsd, requests: 1 };
  return { charge: leastOf(amounts, bound), excess: excessOver(amounts, bound) };
}

/**
 * The cost of the provider's sum. Long contexts, and images, cost more, and it does not tell their share: where the
 * lines are known they are left out, and else all of it counts as such.
 */
function reportedCost(usage: Usage, { prices }: BatchTerms, isKnown: boolean): Cost {
  const { input, output } = usage;
  const { long_context: _, ...usual } = prices ?? {};
  const image = prices?.image && { image: { input, cached: 0, output } };
  const nanoUsd = isKnown ? costAt(prices && usual, usage) : costAt(prices, { ...usage, ...image });
  return { tokens: input + output, nanoUsd };
}

const costAt = (prices: Prices | null, usage: Usage) => costOf(usage, { prices: prices ?? undefined });

const Count = v.nullish(v.pipe(v.number(), v.safeInteger(), v.minValue(0)));
const Details = v.fallback(v.nullish(v.object({ cached_tokens: Count, cache_write_tokens: Count })), null);

/** The fields have the names of Responses, or of Chat Completions. */
const BatchUsage = v.object({
  input_tokens: Count,
  output_tokens: Count,
  prompt_tokens: Count,
  completion_tokens: Count,
  total_tokens: Count,
  input_tokens_details: Details,
  prompt_tokens_details: Details,
});

/** Reads the provider's sum; undefined when there is none, or all counts are zero, as while a batch is running. */
function readBatchUsage(reported: unknown): Usage | undefined {
  const parsed = v.safeParse(BatchUsage, reported);
  if (!parsed.success) return undefined;
  const { input_tokens, output_tokens, prompt_tokens, completion_tokens, total_tokens } = parsed.output;
  const counts = {
    input: largest(input_tokens, prompt_tokens),
    output: largest(output_tokens, completion_tokens),
    total: total_tokens,
  };
  return toTokenUsage(counts, parsed.output.input_tokens_details ?? parsed.output.prompt_tokens_details, null);
}

/** Some servers send the names of both dialects, with zeros for one of them. */
function largest(...counts: (number | null | undefined)[]): number | undefined {
  const given = counts.filter((count) => typeof count === "number");
  return given.length > 0 ? Math.max(...given) : undefined;
}
