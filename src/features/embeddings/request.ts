// The schema of POST /v1/embeddings: texts or tokens, one or several.

import * as v from "valibot";
import { MAX_MODEL_NAME_LENGTH } from "../../core/catalog/card.ts";
import { textUpTo } from "../../core/http/bounded-schemas.ts";
import { textsOrTokens } from "../../dialects/openai/texts-or-tokens.ts";

/** OpenAI's limit of inputs, and of tokens in a token array. */
const MAX_ENTRIES = 2048;

export const EmbeddingsRequest = v.strictObject({
  model: v.pipe(v.string(), v.maxLength(MAX_MODEL_NAME_LENGTH)),
  input: textsOrTokens({ minTextLength: 1, maxEntries: MAX_ENTRIES, maxTokens: MAX_ENTRIES }),
  /** Passed on unchanged. SDKs request base64 by default and decode it. */
  encoding_format: v.nullish(v.picklist(["float", "base64"])),
  dimensions: v.nullish(v.pipe(v.number(), v.integer(), v.minValue(1))),
  user: v.nullish(textUpTo(1024)),
});

export type EmbeddingsRequest = v.InferOutput<typeof EmbeddingsRequest>;
