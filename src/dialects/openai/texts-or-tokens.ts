// Input as a text, a list of texts, a token array, or a list of token arrays.

import * as v from "valibot";
import { listOf } from "../../core/http/bounded-schemas.ts";
import { utf8Length } from "../../core/utf8-length.ts";

export type TextsOrTokens = string | string[] | number[] | number[][];

interface InputLimits {
  minTextLength: number;
  maxEntries: number;
  /** The most tokens of one token array. */
  maxTokens: number;
}

/** The schema of an input. The first entry selects the kind, so that the error names the invalid entry. */
export function textsOrTokens({ minTextLength, maxEntries, maxTokens }: InputLimits) {
  const Text = v.pipe(v.string(), v.minLength(minTextLength));
  const OneText = v.pipe(v.string("must be a text, or a list of texts or tokens"), v.minLength(minTextLength));
  const TokenId = v.pipe(v.number(), v.integer(), v.minValue(0));
  const Texts = v.pipe(listOf(Text, maxEntries), v.minLength(1));
  const Tokens = v.pipe(listOf(TokenId, maxTokens), v.minLength(1));
  const TokenLists = v.pipe(listOf(Tokens, maxEntries), v.minLength(1));
  return v.lazy((input): v.GenericSchema<unknown, TextsOrTokens> => {
    if (!Array.isArray(input)) return OneText;
    const first: unknown = input[0];
    if (Array.isArray(first)) return TokenLists;
    return typeof first === "number" ? Tokens : Texts;
  });
}

/** The texts of an input; undefined when it consists of tokens. */
export function textsOf(input: TextsOrTokens): string[] | undefined {
  if (typeof input === "string") return [input];
  return typeof input[0] === "string" ? (input as string[]) : undefined;
}

/** An upper bound of the tokens of each entry: the UTF-8 bytes of a text, or the length of a token array. */
export function tokenBoundsOf(input: TextsOrTokens): number[] {
  const entries = typeof input === "string" || typeof input[0] === "number" ? [input] : input;
  return (entries as (string | number[])[]).map((entry) =>
    typeof entry === "string" ? utf8Length(entry) : entry.length,
  );
}
