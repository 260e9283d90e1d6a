// Slots for large bodies: they bound the memory of all requests whose answer has not started.
// A request can take six times the size of its body, and an isolate has 128 MB.

import { apiError } from "../errors.ts";

/** Smaller bodies need no slot. */
const LARGE_BYTES = 131_072;
/** Bytes of all large bodies that have a slot. */
const MAX_TOTAL_BYTES = 12 * 1024 * 1024;
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
  while (usedBytes() + bytes > MAX_TOTAL_BYTES) {
    if (Date.now() - startedAt >= maxWaitMs) throw busy();
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  const slot = { bytes, until: Date.now() + SLOT_MS };
  slots.add(slot);
  return () => void slots.delete(slot);
}

function usedBytes(): number {
  const now = Date.now();
  let sum = 0;
  for (const slot of slots) {
    if (slot.until <= now) slots.delete(slot);
    else sum += slot.bytes;
  }
  return sum;
}

const busy = () =>
  apiError("server_busy", "Too many large requests arrived at once. Please try again.", {
    headers: { "retry-after": "1" },
  });
