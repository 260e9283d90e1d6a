// Bounds the memory of all bodies of an isolate, while they arrive and until their answer starts.
// A request can take six times the size of its body, and an isolate has 128 MB.

import { apiError } from "../errors.ts";

/** Smaller bodies need no slot. */
const LARGE_BYTES = 131_072;
/** Bytes of all large bodies that have a slot. */
const MAX_TOTAL_BYTES = 12 * 1024 * 1024;
/** Bytes of the buffers of all bodies without a slot, beyond the first buffer of each. */
const MAX_ARRIVED_BYTES = 48 * 1024 * 1024;
const MAX_WAIT_MS = 10_000;
const POLL_MS = 20;
/** The platform can cancel a request before it frees its slot, so a slot also ends by itself. */
const SLOT_MS = 30_000;

interface Slot {
  bytes: number;
  /** Epoch ms. */
  until: number;
}

const slots = new Set<Slot>();

/** Waits until there is memory for a body. Returns the function that frees it. Throws 503 `server_busy` after 10 s. */
export async function enterSlot(bytes: number, maxWaitMs = MAX_WAIT_MS): Promise<() => void> {
  if (bytes < LARGE_BYTES) return () => undefined;
  const startedAt = Date.now();
  while (sumOf(slots) + bytes > MAX_TOTAL_BYTES) {
    if (Date.now() - startedAt >= maxWaitMs) throw busy();
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  const slot = { bytes, until: Date.now() + SLOT_MS };
  slots.add(slot);
  return () => void slots.delete(slot);
}

const arrivals = new Set<Slot>();

/** A body that is arriving. */
export interface Arrival {
  /** Counts the growth of its buffer. Throws 503 `server_busy` when all buffers together are too large. */
  add(bytes: number): void;
  /** The body has a slot, or was dropped. */
  end(): void;
}

/** Begins an arrival that ends by itself after `mostMs`: longer than the body may take to arrive and to wait. */
export function beginArrival(mostMs: number): Arrival {
  const arrival = { bytes: 0, until: Date.now() + mostMs };
  return {
    add(bytes) {
      arrivals.add(arrival);
      arrival.bytes += bytes;
      // Small bodies are many, so only large ones pay for the sum.
      if (arrival.bytes < LARGE_BYTES || sumOf(arrivals) <= MAX_ARRIVED_BYTES) return;
      arrivals.delete(arrival);
      throw busy();
    },
    end: () => void arrivals.delete(arrival),
  };
}

/** The bytes of all slots that have not ended by themselves. */
function sumOf(open: Set<Slot>): number {
  const now = Date.now();
  let sum = 0;
  for (const slot of open) {
    if (slot.until <= now) open.delete(slot);
    else sum += slot.bytes;
  }
  return sum;
}

const busy = () =>
  apiError("server_busy", "Too many large requests arrived at once. Please try again.", {
    headers: { "retry-after": "1" },
  });
