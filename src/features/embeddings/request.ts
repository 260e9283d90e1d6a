// The schema of POST /v1/embeddings: texts or tokens, one or several.

import * as v from "valibot";
import { MAX_MODEL_NAME_LENGTH } from "../../core/catalog/card.ts";
import { listOf, textUpTo } from "../../core/http/bounded-schemas.ts";

/** OpenAI's limit of inputs, and of tokens in a token array. */
const MAX_ENTRIES = 2048;

const entriesOf = <Item extends v.GenericSchema>(item: Item) => v.pipe(listOf(item, MAX_ENTRIES), v.minLength(1));

const Text = v.pipe(v.string(), v.minLength(1));
const TokenId = v.pipe(v.number(), v.integer(), v.minValue(0));
const Texts = entriesOf(Text);
const Tokens = entriesOf(TokenId);
const TokenLists = entriesOf(Tokens);

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
  user: v.nullish(textUpTo(1024)),
});

export type EmbeddingsRequest = v.InferOutput<typeof EmbeddingsRequest>;
