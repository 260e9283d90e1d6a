// The schema of POST /v1/embeddings: texts or tokens, one or several.

import * as v from "valibot";
import { MAX_MODEL_NAME_LENGTH } from "../../core/catalog/card.ts";

/** OpenAI's limit of inputs, and of tokens in a token array. */
const MAX_ENTRIES = 2048;

const listOf = <Item extends v.GenericSchema>(item: Item) =>
  v.pipe(v.array(item), v.minLength(1, "must not be empty"), v.maxLength(MAX_ENTRIES));

const Text = v.pipe(v.string(), v.minLength(1, "must not be empty"));
const TokenId = v.pipe(v.number(), v.integer(), v.minValue(0));
const Texts = listOf(Text);
const Tokens = listOf(TokenId);
const TokenLists = listOf(Tokens);

type Input = string | string[] | number[] | number[][];

/** Selects the schema by the first entry, so that the error names the invalid entry. */
const Input = v.lazy((input): v.GenericSchema<unknown, Input> => {
  if (!Array.isArray(input)) return Text;
  const first: unknown = input[0];
  if (Array.isArray(first)) return TokenLists;
  return typeof first === "number" ? Tokens : Texts;
});

export const EmbeddingsRequest = v.strictObject({
  model: v.pipe(v.string(), v.maxLength(MAX_MODEL_NAME_LENGTH)),
  input: Input,
  /** Passed on unchanged. SDKs request base64 by default and decode it. */
  encoding_format: v.nullish(v.picklist(["float", "base64"])),
  dimensions: v.nullish(v.pipe(v.number(), v.integer(), v.minValue(1))),
  user: v.nullish(v.string()),
});

export type EmbeddingsRequest = v.InferOutput<typeof EmbeddingsRequest>;
