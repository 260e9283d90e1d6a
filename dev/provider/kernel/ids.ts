// Names of things: random ids in OpenAI's style, and numbers that depend on nothing but a text.

/** A new id: the prefix and `length` random hexadecimal digits (32 at most). */
export function createId(prefix: string, length: number): string {
  return prefix + crypto.randomUUID().replaceAll("-", "").slice(0, length);
}

/** A 32-bit number that is always the same for the same text (FNV-1a over UTF-16 units). */
export function fingerprint(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}
