// The output of a codec for a stream in pieces.

import type { Codec } from "../../src/core/relay/codec.ts";

/** Pushes the pieces, taking after each, and returns all output. */
export function pushAll(codec: Codec, pieces: Iterable<Uint8Array>): Uint8Array {
  const sent: Uint8Array[] = [];
  for (const piece of pieces) {
    codec.push(piece);
    sent.push(codec.take());
  }
  return Buffer.concat(sent);
}

/** Pushes the pieces, finishes, and returns all output. */
export function outputOf(codec: Codec, pieces: Iterable<Uint8Array>): Uint8Array {
  const sent = pushAll(codec, pieces);
  codec.finish();
  return Buffer.concat([sent, codec.take()]);
}
