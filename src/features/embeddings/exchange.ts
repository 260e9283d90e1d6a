// The embeddings exchange: the bound of the input, and an answer that passes through unchanged.

import * as v from "valibot";
import type { ModelCard } from "../../core/catalog/card.ts";
import type { Subject, Way } from "../../core/gateway/exchange.ts";
import { jsonBody } from "../../core/gateway/exchange.ts";
import type { Demand } from "../../core/quota/bound.ts";
import { inputLimitOf } from "../../core/quota/bound.ts";
import type { Usage } from "../../core/relay/answer.ts";
import { createBytesCodec } from "../../core/relay/bytes-codec.ts";
import { ReportedTokens, toTokenUsage, usageFieldOf } from "../../dialects/openai/answer-fields.ts";
import { parameterNeeds } from "../../dialects/openai/request-body.ts";
import { textsOf, tokenBoundsOf } from "../../dialects/openai/texts-or-tokens.ts";
import type { EmbeddingsRequest } from "./request.ts";

const endpoint = "embeddings";

/** OpenAI's limit of input tokens in one request. */
const MAX_REQUEST_TOKENS = 300_000;

/** An embeddings request whose answer is passed through. */
export function passEmbeddings(request: EmbeddingsRequest): Way {
  return {
    endpoint,
    prepare: ({ snapshot, card }) => ({
      ask: {
        endpoint,
        needs: parameterNeeds(request, endpoint, (field) => field),
        demand: demandOf(request, card),
        subject: subjectOf(request),
        write: () => jsonBody(JSON.stringify({ ...request, model: snapshot })),
      },
      reply: { kind: "bytes", createCodec: () => createBytesCodec(usageIn) },
    }),
  };
}

/** Embeddings have no output tokens. The provider refuses an input above the model's limit, which costs no tokens. */
function demandOf({ input }: EmbeddingsRequest, card: ModelCard): Demand {
  const mostEach = inputLimitOf(card);
  const size = tokenBoundsOf(input).reduce((sum, each) => sum + Math.min(each, mostEach), 0);
  const counted = textsOf(input) === undefined ? { exactInput: size } : {};
  return {
    inputBytes: size,
    images: 0,
    choices: 1,
    maxOutputTokens: 0,
    maxInputTokens: MAX_REQUEST_TOKENS,
    ...counted,
  };
}

function subjectOf({ input }: EmbeddingsRequest): Subject {
  const texts = textsOf(input);
  return texts ? { text: texts.join("\n"), images: [] } : { text: "", images: [], unreadable: "input" };
}

const UsageBody = v.object({ prompt_tokens: v.nullish(ReportedTokens), total_tokens: v.nullish(ReportedTokens) });
const UsageText = v.pipe(v.string(), v.parseJson(), UsageBody);

/** Extracts the usage, which follows the vectors. Undefined when it is missing: the cost is then estimated. */
function usageIn(tail: string): Usage | undefined {
  const body = /\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}/.exec(tail.slice(tail.lastIndexOf('"usage"')))?.[0];
  const parsed = v.safeParse(UsageText, body);
  return parsed.success ? toUsage(parsed.output) : undefined;
}

/** Returns the usage in the JSON of an answer; undefined when it has none. */
export function embeddingsUsageOf(body: unknown): Usage | undefined {
  const usage = usageFieldOf(body, UsageBody);
  return usage && toUsage(usage);
}

const toUsage = ({ prompt_tokens: input, total_tokens: total }: v.InferOutput<typeof UsageBody>) =>
  toTokenUsage({ input: input ?? total, output: 0 }, null, null);
