// Meters an answer whose bytes pass as they are, such as sound or large JSON: usage is read from its last bytes.

import type { Usage } from "./answer.ts";
import { emptyProgress } from "./answer.ts";
import type { Codec } from "./codec.ts";
import { concatBytes } from "./concat-bytes.ts";

/** Usage stands within that many bytes of the end. */
const TAIL_BYTES = 4096;

const NOTHING = new Uint8Array(0);

/** `usageIn`: reads the usage from the last 4 KiB as text, where the provider tells one there. */
export function createBytesCodec(usageIn: (tail: string) => Usage | undefined): Codec {
  const progress = emptyProgress();
  let tail: Uint8Array = NOTHING;
  return {
    progress,
    pace: "native",
    push(bytes) {
      progress.heard = true;
      tail = bytes.length >= TAIL_BYTES ? bytes.slice(-TAIL_BYTES) : concatBytes(tail, bytes).slice(-TAIL_BYTES);
    },
    take: () => NOTHING,
    finish() {
      const usage = usageIn(new TextDecoder().decode(tail));
      if (usage) progress.usage = usage;
      progress.finish = "stop";
    },
    conclude: () => NOTHING,
    fail: () => undefined,
    block: () => NOTHING,
  };
}
