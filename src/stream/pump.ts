// Moves an answer from the provider to the caller through a codec, until one of the two is done.

import type { Codec } from "./codec.ts";
import type { Departure } from "./departure.ts";
import { brokenOff, toStreamError } from "./failure.ts";
import type { Sink } from "./sink.ts";
import type { Clock, Ending, Watchdog } from "./watchdog.ts";

/** One read takes all that has arrived, up to this many bytes. */
const READ_BYTES = 32_768;

export interface Flow {
  source: ReadableStreamBYOBReader;
  codec: Codec;
  watchdog: Watchdog;
  /** Aborted with an `Ending` by whoever ends the flow from outside: a deadline, or the caller who left. */
  control: AbortController;
  departure: Departure;
}

/**
 * Reads until the provider's first event, before anything is promised to the caller; the codec holds what it became.
 * Throws an ApiError, or an `Ending` when the flow was ended from outside.
 */
export async function readFirst(flow: Flow): Promise<void> {
  const { codec, control, source } = flow;
  control.signal.addEventListener("abort", () => void source.cancel().catch(ignore), { once: true });
  try {
    while (!codec.progress.heard) {
      const more = await readOnce(flow);
      control.signal.throwIfAborted();
      if (!more) throw brokenOff();
    }
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
  signal.addEventListener("abort", () => sink.abortIfStuck(), { once: true });
  const send = async () => {
    const bytes = codec.take();
    if (bytes.length === 0) return false;
    await sink.write(bytes);
    watchdog.sent();
    return true;
  };

  let cause: unknown;
  const reader = createReader(flow, clock);
  const isOver = () => signal.aborted || codec.progress.ended || codec.progress.error !== undefined;
  try {
    let sentBefore = false;
    let more = true;
    while (more && !isOver()) {
      const sent = await send();
      sentBefore ||= sent;
      if (sent && coalesceMs > 0) await clock.wait(coalesceMs, signal);
      if (isOver()) break;
      more = await reader.next();
      // The first text goes at once. Later text takes along all that has arrived by now, but never waits for more.
      const until = sentBefore ? clock.now() + coalesceMs : 0;
      while (more && !isOver() && clock.now() < until && (await reader.hasArrived())) more = await reader.next();
    }
  } catch (error) {
    cause = error;
  }
  // What came last is sent even when time is up, since it is paid for; but then nothing waits for who does not read.
  const last = send();
  if (signal.aborted) return signal.reason as Ending;
  await last;
  void flow.source.cancel().catch(ignore);
  if (departure.gone) return { kind: "left" };
  return endingOf(codec, cause);
}

/** Reads one after the other, and tells whether the next has come without waiting for it. */
function createReader(flow: Flow, clock: Clock) {
  let pending: Promise<boolean> | undefined;
  const begin = () => (pending ??= readOnce(flow));
  const { signal } = flow.control;
  return {
    async next() {
      const more = await begin();
      pending = undefined;
      return more;
    },
    hasArrived: () =>
      Promise.race([
        begin().then(
          () => true,
          () => true,
        ),
        clock.wait(0, signal).then(() => false),
      ]),
  };
}

function endingOf({ progress }: Codec, cause: unknown): Ending {
  if (progress.error) return { kind: "failed", error: toStreamError(progress.error) };
  const whole = progress.ended || (progress.finish && !cause);
  return whole ? { kind: "finished" } : { kind: "failed", error: brokenOff(cause) };
}

/** Hands the next bytes to the codec. False at the end of the provider's answer. */
async function readOnce({ source, codec, watchdog }: Flow): Promise<boolean> {
  watchdog.waiting();
  const { done, value } = await source.read(new Uint8Array(READ_BYTES));
  watchdog.heard();
  if (!done) codec.push(value);
  return !done;
}

const ignore = () => undefined;
