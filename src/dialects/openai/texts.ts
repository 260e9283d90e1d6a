// The extraction of texts from OpenAI's JSON, for moderation.

import type { Subject } from "../../core/gateway/exchange.ts";

/** Fields without text to moderate: types, ids, images and encrypted content. */
const SKIPPED = new Set([
  "type",
  "role",
  "id",
  "call_id",
  "tool_call_id",
  "status",
  "finish_reason",
  "detail",
  "image_url",
  "encrypted_content",
]);

/**
 * Returns the subject of a request; errors name the field `param`. Its text is extracted when it is first read: most
 * requests are not moderated.
 */
export function subjectOfTexts(extract: () => string[], images: string[], param = "input"): Subject {
  let text: string | undefined;
  return {
    images,
    param,
    get text() {
      return (text ??= extract().join("\n"));
    },
  };
}

/** Returns all texts in a JSON value, at any depth, in order. */
export function textsIn(value: unknown): string[] {
  if (typeof value === "string") return value === "" ? [] : [value];
  if (typeof value !== "object" || value === null) return [];
  if (Array.isArray(value)) return value.flatMap(textsIn);
  return Object.entries(value).flatMap(([name, each]) => (SKIPPED.has(name) ? [] : textsIn(each)));
}

/** Returns schemas and tools as JSON text, because their keys are the caller's input too. */
export const jsonTexts = (values: unknown[]): string[] =>
  values.flatMap((value) => (typeof value === "object" && value !== null ? JSON.stringify(value) : textsIn(value)));
