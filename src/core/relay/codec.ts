// Codec interfaces for streamed answers: bytes or events in, bytes out. Codecs are synchronous.

import type { ErrorBody } from "../errors.ts";
import type { Piece, Progress } from "./answer.ts";

/** The result of settling a request. */
export interface Settled {
  /** The remaining amount of each quota window, by window key. */
  left: Record<string, number>;
  /** The cost of the request, in dollars. */
  usd: number;
}

/** The tokens that a request was charged. Input and output together are the charge. */
export interface ChargedTokens {
  input: number;
  cached: number;
  output: number;
  reasoning: number;
}

/**
 * `at once`: output is sent immediately, and reads of a fast answer are batched. `coalesced`: output may be delayed.
 * `bulk`: output is sent immediately, and reads are not batched, for answers of megabytes.
 */
export type Pace = "at once" | "coalesced" | "bulk";

/** Writes the closing event of an answer. */
export interface Closing {
  /** Sent after a complete and settled answer. If the answer `overran`, the provider has not sent its own end. */
  conclude(settled: Settled): Uint8Array;
  /** Sent after a cancelled and settled answer. Without it, the connection is cut. */
  cancel?(settled: Settled): Uint8Array | undefined;
  /** Sent after a failed answer. Undefined when the format has no error event: the connection is then cut. */
  fail(error: ErrorBody): Uint8Array | undefined;
  /** Sent in place of the rest of a blocked answer; `first` is the JSON of its first event. */
  block(error: ErrorBody, first: unknown, charged: ChargedTokens): Uint8Array;
}

/** A codec that reads bytes. */
export interface Codec extends Closing {
  readonly progress: Progress;
  readonly pace: Pace;
  /** Reads bytes. It must copy what it keeps, because the buffer is reused. Throws when they are not valid. */
  push(bytes: Uint8Array): void;
  /** Returns the output that is ready to send, possibly empty. */
  take(): Uint8Array;
  /**
   * Reads what the last push left, and completes the progress. `take` may return more after it. Repeated calls have no
   * effect. Throws when the answer is not valid.
   */
  finish(): void;
  /** Tests if the answer is longer than the granted output tokens of all its choices can be. */
  isOverGrant(grantedOutput: number): boolean;
}

/** One decoded event of a provider's stream. A comment and an event without data have neither pieces nor JSON. */
export interface StreamEvent {
  /** The event's original text, including its blank line. */
  raw: string;
  pieces: Piece[];
  json: unknown;
}

/** A codec that reads decoded events. Apply an event's pieces to the progress before pushing it. */
export interface EventCodec extends Closing {
  readonly pace: Pace;
  push(event: StreamEvent): void;
  take(): Uint8Array;
}

/** Creates an event codec that reads `progress`. */
export type CreateEventCodec = (progress: Progress) => EventCodec;
