// The intake of an upload: reads a body through one window of memory, with deadlines.

import type { ApiError } from "../../core/errors.ts";
import { apiError, InternalError } from "../../core/errors.ts";
import { beginArrival } from "../../core/http/body-slots.ts";
import { MAX_LINE_LENGTH } from "./file-lines.ts";
import type { FormEvent } from "./form-events.ts";
import { createFormParser } from "./form-events.ts";

/** The memory of an intake. Fewer and larger reads cost less: each read leaves kilobytes for the garbage collection. */
const WINDOW_BYTES = 524_288;
/** Each read waits for so many bytes, and takes all that have arrived. */
const LEAST_BYTES = 65_536;

export interface Intake {
  /**
   * Yields the events of a form. The bytes of an event are valid until the next one. Throws 400 `invalid_form`, 408 when
   * the body does not arrive in time, 499 when it breaks off, and 503 when the isolate has no memory for it.
   */
  events(boundary: string): AsyncGenerator<FormEvent>;
  /** Reads the rest, of at most `maxBytes`, because many clients read no answer while they send. Never rejects. */
  drop(maxBytes: number): Promise<void>;
  /** Stops reading. A read that waits throws the reason. */
  cancel(reason: Error): void;
  close(): void;
}

interface IntakeTimes {
  /** The most time for one read. */
  idleMs: number;
  /** The most time for the whole body. */
  totalMs: number;
}

/** Opens the body of a request. `close` must follow. */
export function openIntake(body: ReadableStream<Uint8Array>, { idleMs, totalMs }: IntakeTimes): Intake {
  const arrival = beginArrival(totalMs);
  const reader = body.getReader({ mode: "byob" });
  let cancelled: Error | undefined;
  let buffer = new Uint8Array(LEAST_BYTES);
  let isWhole = false;

  const cancel = (reason: Error) => {
    cancelled ??= reason;
    void reader.cancel(reason).catch(() => undefined);
  };

  const totalTimer = setTimeout(() => cancel(bodyTooSlow()), totalMs);

  /** Fills the window behind the first `kept` bytes, and returns it. */
  const fill = async (kept: number): Promise<Uint8Array> => {
    const least = Math.min(LEAST_BYTES, buffer.length - kept);
    const timer = setTimeout(() => cancel(bodyTooSlow()), idleMs);
    try {
      const { done, value } = await reader.readAtLeast(least, buffer.subarray(kept));
      if (cancelled || !value) throw new InternalError("the body was cancelled");
      // Each read moves the memory to another buffer.
      buffer = new Uint8Array(value.buffer);
      isWhole = done || value.length < least;
      return buffer.subarray(0, kept + value.length);
    } catch (error) {
      // The runtime rejects a cancelled read with a copy of the reason, which has lost its class.
      throw cancelled ?? apiError("client_closed_request", "The body broke off.", { cause: error });
    } finally {
      clearTimeout(timer);
    }
  };

  return {
    cancel,
    close() {
      clearTimeout(totalTimer);
      arrival.end();
    },
    async *events(boundary) {
      arrival.add(WINDOW_BYTES + MAX_LINE_LENGTH);
      buffer = new Uint8Array(WINDOW_BYTES);
      const parser = createFormParser(boundary);
      let window = await fill(0);
      for (;;) {
        const event = parser.next(window, isWhole);
        if (event) {
          // The provider's answer can take long, and needs no memory.
          if (event.kind === "end") arrival.end();
          yield event;
          if (event.kind === "end") return;
          window = window.subarray(event.bytes.length);
        } else {
          buffer.copyWithin(0, window.byteOffset, window.byteOffset + window.length);
          window = await fill(window.length);
        }
      }
    },
    async drop(maxBytes) {
      try {
        for (let dropped = 0; dropped < maxBytes;) {
          if (isWhole) return;
          dropped += (await fill(0)).length;
        }
      } catch {
        // The caller has left, or is too slow.
      }
    },
  };
}

/** Creates the 408 for a body that is too slow. */
const bodyTooSlow = (): ApiError =>
  apiError("body_timeout", "The file did not arrive in time. Please try again with a faster connection.");
