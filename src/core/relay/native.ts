// An answer whose bytes need no change goes from the provider to the caller without JavaScript. Beside the path its bytes
// are read now and then, for metering. No comment can be sent in between: keep-alives are for streams that are written.

import { endingOf, faultOf, readLast, readOnce } from "./pump.ts";
import type { Flow } from "./pump.ts";
import type { Clock, Ending } from "./watchdog.ts";

/** How often the bytes beside the path are read, so that they do not pile up. */
const READ_EVERY_MS = 250;
/** When the path breaks, the provider's failure shows beside it within that time; else it was the caller who left. */
const SHOWS_WITHIN_MS = 20;
/** What is on its way to a caller who reads is there within that time. */
const FLUSHED_WITHIN_MS = 100;

/**
 * Pipes `body` to `writable`, whose other end the caller reads, and pushes all that `flow.source` gives, the same bytes,
 * to the codec. Says how the answer ended, and leaves `writable` open and unlocked for the last words.
 */
export async function passNatively(
  flow: Flow,
  body: ReadableStream<Uint8Array>,
  writable: WritableStream<Uint8Array>,
  clock: Clock,
): Promise<Ending> {
  const { codec, control, departure } = flow;
  const { signal } = control;
  const stuck = new AbortController();
  const over = new AbortController();
  const piped = body
    .pipeTo(writable, { preventClose: true, preventAbort: true, signal: stuck.signal })
    .then(
      () => true,
      () => false,
    )
    .finally(() => over.abort());

  const giveUp = () => void clock.wait(FLUSHED_WITHIN_MS, over.signal).then(() => over.signal.aborted || stuck.abort());
  // Nobody reads what a caller who has gone already is sent: only the usage is waited for.
  if (departure.gone) stuck.abort();
  if (signal.aborted) giveUp();
  else signal.addEventListener("abort", giveUp, { once: true });

  const reading = readAside(flow, clock, over.signal);
  const delivered = await piped;
  if (!delivered && !signal.aborted) {
    const shown = reading.then(() => true);
    if (!(await Promise.race([shown, clock.wait(SHOWS_WITHIN_MS, signal).then(() => false)]))) departure.leave();
  }
  const broken = await reading;
  const fault = faultOf(codec);
  // A caller who does not read would hold the last words for ever.
  if (!delivered && stuck.signal.aborted) void writable.abort().catch(() => undefined);
  if (signal.aborted && !codec.progress.ended) return signal.reason as Ending;
  return departure.gone ? { kind: "left" } : endingOf(codec, broken ?? fault);
}

/**
 * Reads to the end, by and by until the path is over; once the flow was ended from outside, no more than had arrived.
 * Gives what broke it off.
 */
async function readAside(flow: Flow, clock: Clock, over: AbortSignal): Promise<unknown> {
  const { signal } = flow.control;
  const hurried = AbortSignal.any([over, signal]);
  try {
    while (!signal.aborted) {
      const bytes = await readOnce(flow);
      if (bytes === 0) return undefined;
      if (bytes < flow.buffer.byteLength) await clock.wait(READ_EVERY_MS, hurried);
    }
    await readLast(flow);
  } catch (error) {
    return error;
  }
}
