// The dialect of completions: chunks and whole answers whose choices have a text.

import * as v from "valibot";
import { NullableText } from "../../dialects/openai/answer-fields.ts";
import { createChoicesDialect } from "../../dialects/openai/choices.ts";

const Choice = v.object({ text: NullableText, finish_reason: v.nullish(v.string()) });

/** Decoding throws when the JSON is invalid or does not match the schema. */
export const completionsDialect = createChoicesDialect(Choice, ({ text }) => (text ? [{ kind: "text", text }] : []));

/** The chunk that ends an answer. */
export const lastCompletionsChunk = { object: "text_completion", emptyChoice: { text: "", logprobs: null } };
