// How a provider's wire format is read. The dialects themselves are in src/dialects.

import type { Piece } from "./answer.ts";

/** JSON of the provider's, read once: its pieces in order, and the value itself (undefined for an end mark). */
export interface Decoded {
  pieces: Piece[];
  json: unknown;
}

export interface Dialect {
  /** Decodes the data of one event. Skips what it does not know; throws when the data is not the dialect's. */
  decode(data: string): Decoded;
  /** Decodes an answer that was not streamed. Throws when it is not one of the dialect's. */
  decodeWhole(text: string): Decoded;
  /** All text in the JSON of an event or of a whole answer, known or not: what moderation reads. */
  words(json: unknown): string;
}
