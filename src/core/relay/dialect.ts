// Interface for decoding a provider's wire format. The implementations are in src/dialects.

import type { Piece } from "./answer.ts";

/** Decoded JSON of a provider: its pieces in order, and the parsed value (undefined for an end mark). */
export interface Decoded {
  pieces: Piece[];
  json: unknown;
}

/** The parts of a stream that have arrived. Dialects whose events repeat parts read and extend it. */
export type SeenParts = Set<string>;

export interface Dialect {
  /**
   * Decodes the data of one event. All events of a stream share `seen`. Skips unknown fields and types. Throws when the
   * data is not valid.
   */
  decode(data: string, seen?: SeenParts): Decoded;
  /** Decodes an answer that was not streamed. Throws when it is not valid in this dialect. */
  decodeWhole(text: string): Decoded;
  /** Returns all text in the JSON of an event or a whole answer, unknown fields included. */
  allText(json: unknown): string;
}
