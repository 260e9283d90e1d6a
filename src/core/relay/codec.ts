// How a streamed answer changes on its way: bytes in, bytes out, no waiting. The pump does the waiting.

import type { ErrorBody } from "../errors.ts";
import type { Progress } from "./answer.ts";

/** What is known once a request is settled. */
export interface Settled {
  /** What is left of each window. */
  left: Record<string, number>;
  /** What the request cost, in dollars. */
  usd: number;
}

export interface Codec {
  /** Takes what arrived; the bytes may be reused afterwards. Throws when it is not what the provider should have sent. */
  push(bytes: Uint8Array): void;
  /** What can be sent of all that was pushed, in whole events: possibly nothing. */
  take(): Uint8Array;
  readonly progress: Progress;
  /** `native`: the bytes need no change, and what is pushed is only metered. `coalesced`: what it sends may wait a little for more. */
  readonly pace: "native" | "at once" | "coalesced";
  /** Completes the progress: nothing more will be pushed. Throws when what came is not what the provider should have sent. */
  finish(): void;
  /** What is sent after an answer that came to its end and was settled. */
  conclude(settled: Settled): Uint8Array;
  /** What is sent after an answer that did not. */
  fail(error: ErrorBody): Uint8Array;
  /** What is sent in place of the rest of an answer that is not allowed; `began`: the data of its first event. */
  block(error: ErrorBody, began?: string): Uint8Array;
}
