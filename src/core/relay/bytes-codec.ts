// Codec for bytes such as audio: passes them unchanged and extracts usage.

import type { Usage } from "./answer.ts";
import { emptyProgress } from "./answer.ts";
import type { Codec } from "./codec.ts";
import { concatBytes } from "./byte-buffers.ts";

/** Usage is within this many bytes of the end. */
const TAIL_BYTES = 4096;

const NO_BYTES = new Uint8Array(0);

/** `usageIn` extracts the usage from the last 4 KiB, decoded as text; undefined when there is none. */
export function createBytesCodec(usageIn: (tail: string) => Usage | undefined): Codec {
  const progress = emptyProgress();
  let tail: Uint8Array = NO_BYTES;
  let pending: Uint8Array = NO_BYTES;
  return {
    progress,
    pace: "bulk",
    push(bytes) {
      progress.heard = true;
      progress.begun = true;
      pending = concatBytes([pending, bytes]);
      tail = bytes.length >= TAIL_BYTES ? bytes.slice(-TAIL_BYTES) : concatBytes([tail, bytes]).slice(-TAIL_BYTES);
    },
    take() {
      const bytes = pending;
      pending = NO_BYTES;
      return bytes;
    },
    finish() {
      const usage = usageIn(new TextDecoder().decode(tail));
      if (usage) progress.usage = usage;
      progress.finish = "stop";
    },
    // The size of bytes such as audio says nothing about tokens.
    isOverGrant: () => false,
    conclude: () => NO_BYTES,
    fail: () => undefined,
    block: () => NO_BYTES,
  };
}
