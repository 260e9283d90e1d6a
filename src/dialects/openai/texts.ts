// Finds the texts in OpenAI's JSON, for moderation.

/** Fields that hold no text to moderate: names of kinds and ids, pictures, and content that nobody can read. */
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

/** All texts in a value, at any depth, in order. */
export function textsIn(value: unknown): string[] {
  if (typeof value === "string") return value === "" ? [] : [value];
  if (typeof value !== "object" || value === null) return [];
  if (Array.isArray(value)) return value.flatMap(textsIn);
  return Object.entries(value).flatMap(([name, each]) => (SKIPPED.has(name) ? [] : textsIn(each)));
}

/** Schemas and tools as JSON text, which is how a model is shown them: their keys are the caller's texts too. */
export const jsonTexts = (values: unknown[]): string[] =>
  values.flatMap((value) => (typeof value === "object" && value !== null ? JSON.stringify(value) : textsIn(value)));
