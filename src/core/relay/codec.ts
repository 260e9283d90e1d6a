// The interfaces of a streamed answer's formats: bytes or events in, bytes out, no waiting. The pump does the waiting.

import type { ErrorBody } from "../errors.ts";
import type { Piece, Progress } from "./answer.ts";

/** What is known once a request is settled. */
export interface Settled {
  /** What is left of each quota window. */
  left: Record<string, number>;
  /** What the request cost, in dollars. */
  usd: number;
}

/** `native`: the bytes need no change. `coalesced`: what is sent may wait a little for more. */
export type Pace = "native" | "at once" | "coalesced";

/** How a format ends an answer. */
export interface Closing {
  /** Sent after an answer that is complete and settled. */
  conclude(settled: Settled): Uint8Array;
  /** Sent after an answer that failed; undefined when the format cannot tell an error, so that the connection is cut. */
  fail(error: ErrorBody): Uint8Array | undefined;
  /** Sent instead of the rest of an answer that moderation blocks; `first`: the JSON of its first event. */
  block(error: ErrorBody, first: unknown): Uint8Array;
}

/** A format that reads bytes. */
export interface Codec extends Closing {
  readonly progress: Progress;
  readonly pace: Pace;
  /** Takes what arrived; the bytes may be reused afterwards. Throws when they are not what the provider should send. */
  push(bytes: Uint8Array): void;
  /** Gives what can be sent of all that was pushed: possibly nothing. */
  take(): Uint8Array;
  /** Completes the progress: nothing more will be pushed. Throws when the answer is not what the provider should send. */
  finish(): void;
}

/** One decoded event of a provider's stream. A comment has no pieces and no JSON. */
export interface StreamEvent {
  /** The event as it was sent, with the blank line that ends it. */
  raw: string;
  pieces: Piece[];
  json: unknown;
}

/** A format that reads decoded events. Whoever pushes an event notes its pieces in the progress first. */
export interface EventCodec extends Closing {
  readonly pace: Exclude<Pace, "native">;
  push(event: StreamEvent): void;
  take(): Uint8Array;
}

/** Makes an event codec that follows `progress`. `blockable`: the answer can end in `block`. */
export type CreateEventCodec = (progress: Progress, blockable: boolean) => EventCodec;
