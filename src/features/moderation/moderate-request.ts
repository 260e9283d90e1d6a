// The schema of POST /moderate, and the subjects that a request asks verdicts for.

import * as v from "valibot";
import type { Subject } from "../../core/gateway/exchange.ts";
import { textOr } from "../../core/text-or.ts";
import { SlimPart } from "../slim-chat/request.ts";

export const ModerateRequest = v.strictObject({
  /** One subject as a text or as parts; a list of texts is one subject each. */
  input: textOr(
    v.pipe(
      v.array(textOr(SlimPart)),
      v.minLength(1),
      v.maxLength(32),
      v.check(
        (entries) => new Set(entries.map((entry) => typeof entry)).size === 1,
        "must be texts, or parts of one thing",
      ),
    ),
  ),
  policy: v.optional(v.pipe(v.string(), v.maxLength(100)), "default"),
  stream: v.optional(v.boolean(), false),
});

export type ModerateRequest = v.InferOutput<typeof ModerateRequest>;

/** Whether the request has several subjects, each of which gets a verdict. */
export function isList({ input }: ModerateRequest): boolean {
  return typeof input !== "string" && input.every((entry) => typeof entry === "string");
}

/** The subjects of a request, in order. */
export function subjectsOf({ input }: ModerateRequest): Subject[] {
  if (typeof input === "string") return [{ text: input, images: [] }];
  const texts = input.filter((entry) => typeof entry === "string");
  if (texts.length > 0) return texts.map((text) => ({ text, images: [] }));
  const parts = input.filter((entry) => typeof entry === "object");
  return [
    {
      text: parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n"),
      images: parts.flatMap((part) => (part.type === "image" ? [part.url] : [])),
    },
  ];
}
