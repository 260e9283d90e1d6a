// The schema of POST /moderate, and the subjects of a request.

import * as v from "valibot";
import type { Subject } from "../../core/gateway/exchange.ts";
import { listOf } from "../../core/http/bounded-schemas.ts";
import { textOr } from "../../core/http/text-or.ts";
import { SlimPart } from "../slim-chat/request.ts";

export const ModerateRequest = v.strictObject({
  /** One subject as a text or as parts, or a list of texts, each of which is a subject. */
  input: textOr(
    v.pipe(
      listOf(textOr(SlimPart), 32),
      v.minLength(1),
      v.check(
        (entries) => new Set(entries.map((entry) => typeof entry)).size === 1,
        "must hold only texts, or only parts",
      ),
    ),
  ),
  policy: v.optional(v.pipe(v.string(), v.maxLength(100)), "default"),
  stream: v.optional(v.boolean(), false),
});

export type ModerateRequest = v.InferOutput<typeof ModerateRequest>;

/** Returns whether the request is a list of texts, each of which gets its own verdict. */
export function isTextList({ input }: ModerateRequest): boolean {
  return typeof input !== "string" && input.every((entry) => typeof entry === "string");
}

/** Returns the subjects of a request, in order. */
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
