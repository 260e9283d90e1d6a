// The pieces that bytes complete, for who needs nothing else of an event.

import type { Dialect, Piece, Progress } from "./answer.ts";
import { note } from "./answer.ts";
import { createEventReader } from "./events.ts";

/** Returns a function that takes bytes, notes the pieces that they complete, and gives them. */
export function createPieceReader(dialect: Dialect, progress: Progress): (bytes: Uint8Array) => Piece[] {
  const read = createEventReader();
  return (bytes) => {
    const pieces: Piece[] = [];
    for (const { data } of read(bytes)) {
      // Whatever a provider adds to its end, the answer is complete.
      if (data === undefined || progress.ended) continue;
      progress.heard = true;
      for (const piece of dialect(data)) {
        note(progress, piece);
        pieces.push(piece);
      }
    }
    return pieces;
  };
}
