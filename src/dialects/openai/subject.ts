// What is judged of a request or an answer.

/** A text, and images by their URLs. */
export interface Subject {
  text: string;
  images: string[];
}

/** What says of a text whose it is or what kind, and what is no text: pictures, and what nobody can read. */
const UNREAD = new Set([
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

/** All texts in a value, however deep, in order. */
export function textsIn(value: unknown): string[] {
  if (typeof value === "string") return value === "" ? [] : [value];
  if (typeof value !== "object" || value === null) return [];
  if (Array.isArray(value)) return value.flatMap(textsIn);
  return Object.entries(value).flatMap(([name, each]) => (UNREAD.has(name) ? [] : textsIn(each)));
}

/** Schemas and tools as a model is shown them: their keys are texts of the caller's, too. */
export const shownJson = (values: unknown[]) =>
  values.flatMap((value) => (typeof value === "object" && value !== null ? JSON.stringify(value) : textsIn(value)));
