// Random ids in OpenAI's style, and hashes of texts.

/** Creates an id from the prefix and `length` random hexadecimal digits (at most 32). */
export function createId(prefix: string, length: number): string {
  return prefix + crypto.randomUUID().replaceAll("-", "").slice(0, length);
}

/** A 32-bit hash of a text (FNV-1a over UTF-16 units). */
export function fingerprint(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}
