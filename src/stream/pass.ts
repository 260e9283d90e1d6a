// An OpenAI-compatible stream passed on as it came, without the usage chunk where the caller did not ask for it.

import type { Dialect, Piece } from "./answer.ts";
import { emptyProgress, note } from "./answer.ts";
import type { Codec } from "./codec.ts";
import { createEventReader } from "./events.ts";

const encoder = new TextEncoder();
const NOTHING = new Uint8Array(0);

/**
 * Passes events on unchanged, except for errors. With `keepUsage` false, an event that carries nothing but usage is left out: clients
 * that did not ask for one may fail on a chunk without choices.
 */
export function createPassCodec(dialect: Dialect, keepUsage: boolean): Codec {
  const read = createEventReader();
  const progress = emptyProgress();
  // The provider's own error frame is replaced: see failure.ts.
  const isWithheld = (piece: Piece) => piece.kind === "error" || (piece.kind === "usage" && piece.alone && !keepUsage);
  let pending = "";

  return {
    progress,
    coalesces: false,
    push(bytes) {
      for (const { raw, data } of read(bytes)) {
        const pieces = data === undefined ? [] : dialect(data);
        for (const piece of pieces) note(progress, piece);
        if (data !== undefined) progress.heard = true;
        if (!pieces.some(isWithheld)) pending += raw;
      }
    },
    take() {
      const bytes = encoder.encode(pending);
      pending = "";
      return bytes;
    },
    conclude: () => NOTHING,
    fail: (error) => encoder.encode(`data: ${JSON.stringify({ error })}\n\n`),
  };
}
