// The name of a revision: a content hash that ignores key order and whitespace.

const LENGTH = 16;

/** Returns the first 16 hexadecimal digits of the SHA-256 of the document, with its keys sorted at every depth. */
export async function revisionOf(document: unknown): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(JSON.stringify(toSorted(document))));
  const hex = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0"));
  return hex.join("").slice(0, LENGTH);
}

function toSorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toSorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, toSorted(inner)]));
}
