// Moves an answer from the provider to the caller through a codec, until one of the two is done.

import type { Codec } from "./codec.ts";
import { afterLastRead } from "./departure.ts";
import type { Departure } from "./departure.ts";
import { brokenOff, toStreamError } from "./failure.ts";
import type { Source } from "./read-batching.ts";
import type { Sink } from "./sink.ts";
import type { Clock, Ending, Watchdog } from "./watchdog.ts";

/** The size of the buffer that a flow reads into. */
export const READ_BYTES = 32_768;
/** When the flow is ended from outside, so many reads take what has arrived; a provider who goes on is not waited for. */
const MOST_LAST_READS = 64;

export interface Flow {
  source: Source;
  /** What is read into; each read gives it back. */
  buffer: ArrayBufferLike;
  codec: Codec;
  watchdog: Watchdog;
  /** Aborted with an `Ending` by whoever ends the flow from outside: a deadline, or the caller who left. */
  control: AbortController;
  departure: Departure;
}

/** Sends what the flow's codec makes of an answer to the sink, and says how the answer ended. Leaves the sink open. */
export type Pump = (flow: Flow, sink: Sink, clock: Clock) => Promise<Ending>;

/**
 * Reads until the provider's first event, before anything is promised to the caller; the codec holds what it became.
 * Throws an ApiError, or an `Ending` when the flow was ended from outside.
 */
export async function readFirst(flow: Flow, clock: Clock): Promise<void> {
  const { codec, control, source } = flow;
  afterLastRead(control.signal, clock, () => void source.cancel().catch(ignore));
  try {
    while (!codec.progress.heard) {
      const bytes = await readOnce(flow);
      control.signal.throwIfAborted();
      if (bytes === 0) throw brokenOff();
    }
    if (!codec.progress.error) flow.watchdog.begun();
  } catch (cause) {
    control.signal.throwIfAborted();
    throw brokenOff(cause);
  }
}

/**
 * Sends all that the codec makes of the rest of the answer to `sink`, and says how it ended. A codec that coalesces is
 * taken from at most once per `coalesceMs`. Leaves the sink open for the last words; what happens when the caller has
 * gone is up to the departure.
 */
export async function pump(flow: Flow, sink: Sink, clock: Clock, coalesceMs: number): Promise<Ending> {
  const { codec, control, departure, watchdog } = flow;
  const { signal } = control;
  // A caller who reads nothing holds a write open for ever: when time is up, the connection goes too.
  signal.addEventListener("abort", () => sink.cutIfStuck(), { once: true });
  const send = async () => {
    const bytes = codec.take();
    if (bytes.length === 0) return false;
    await sink.write(bytes);
    watchdog.sent();
    return true;
  };

  let cause: unknown;
  const isOver = () => signal.aborted || codec.progress.ended;
  try {
    let bytes = NaN;
    while (bytes !== 0 && !isOver()) {
      // The first text goes at once. Later text takes along all that has arrived meanwhile, but never waits for more.
      const sent = await send();
      if (sent && coalesceMs > 0 && bytes !== READ_BYTES) await clock.wait(coalesceMs, signal);
      if (!isOver()) bytes = await readOnce(flow);
    }
    if (signal.aborted) await readLast(flow);
  } catch (error) {
    cause = error;
  }
  const fault = faultOf(codec);
  cause ??= fault;
  // What came last is sent even when time is up, since it is paid for; but then nothing waits for who does not read.
  const last = send();
  if (signal.aborted) return signal.reason as Ending;
  await last;
  void flow.source.cancel().catch(ignore);
  if (departure.gone) return { kind: "left" };
  return endingOf(codec, cause);
}

/** Reads what had arrived when the flow was ended from outside. */
export async function readLast(flow: Flow): Promise<void> {
  const { progress } = flow.codec;
  for (let reads = 0; reads < MOST_LAST_READS && !progress.ended; reads++) {
    if ((await readOnce(flow)) === 0) return;
  }
  await flow.source.cancel();
}

/** Completes what is known of the answer; gives what was wrong with it. */
export function faultOf(codec: Codec): unknown {
  try {
    codec.finish();
  } catch (fault) {
    return fault;
  }
}

/** How an answer ended that nobody ended from outside; `cause`: what broke it off. */
export function endingOf({ progress }: Codec, cause: unknown): Ending {
  if (progress.error) return { kind: "failed", error: toStreamError(progress.error) };
  const whole = progress.ended || (progress.finish && !cause);
  return whole ? { kind: "finished" } : { kind: "failed", error: brokenOff(cause) };
}

/** Hands the next bytes to the codec, and gives how many; 0 at the end of the provider's answer. */
export async function readOnce(flow: Flow): Promise<number> {
  const { source, codec, watchdog } = flow;
  watchdog.waiting();
  const { done, value } = await source.read(new Uint8Array(flow.buffer));
  watchdog.heard();
  if (done) return 0;
  flow.buffer = value.buffer;
  codec.push(value);
  return value.length;
}

const ignore = () => undefined;
