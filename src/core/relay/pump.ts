// The pump: moves an answer from the provider through a codec to the caller.

import { endOverrun } from "./answer.ts";
import type { Codec } from "./codec.ts";
import type { Disconnect } from "./disconnect.ts";
import { interruptedError, toStreamError } from "./failure.ts";
import type { Pacing } from "./pacing.ts";
import type { Sink } from "./sink.ts";
import type { Source } from "./source.ts";
import type { Clock, Ending, Watchdog } from "./watchdog.ts";

/** Time for reading the bytes that had arrived before an abort. */
const LAST_READ_MS = 10;
/** Reads after an abort. The limit stops at a provider that continues to send. */
const MAX_LAST_READS = 512;

export interface Flow {
  source: Source;
  codec: Codec;
  watchdog: Watchdog;
  /** Aborted with an `Ending` by a deadline, by the gate, or by the caller's disconnect. */
  control: AbortController;
  disconnect: Disconnect;
  /** The granted output tokens of all choices together. */
  grantedOutput: number;
}

/** Sends the codec's output to the sink and returns the ending. Leaves the sink open for the closing event. */
export type PumpAnswer = (flow: Flow, sink: Sink, clock: Clock) => Promise<Ending>;

/**
 * Reads until the first event, before the response starts. The output stays in the codec until `pump` sends it. Throws
 * an ApiError, or an `Ending` after an abort.
 */
export async function readFirst(flow: Flow, clock: Clock): Promise<void> {
  const { codec, control, source } = flow;
  afterLastRead(control.signal, clock, () => void source.cancel().catch(ignore));
  try {
    for (let bytes = NaN; !codec.progress.heard && bytes !== 0;) {
      bytes = await readChunk(flow);
      control.signal.throwIfAborted();
      if (bytes === 0) codec.finish();
    }
    if (!codec.progress.heard) throw interruptedError();
  } catch (cause) {
    control.signal.throwIfAborted();
    throw interruptedError(cause);
  }
}

/**
 * Sends the rest of the answer to `sink` and returns the ending. Pauses between a write and the next read as `pacing`
 * says. Leaves the sink open for the closing event. After a disconnect, reading continues until `disconnect` aborts the
 * flow.
 */
export async function pump(flow: Flow, sink: Sink, clock: Clock, pacing: Pacing): Promise<Ending> {
  const { codec, control, disconnect, source, watchdog } = flow;
  const { signal } = control;
  // A caller that does not read blocks a write forever, so an abort also cuts the connection.
  signal.addEventListener("abort", () => sink.cutIfStuck(), { once: true });
  const send = async () => {
    const bytes = codec.take();
    if (bytes.length === 0) return false;
    await sink.write(bytes);
    watchdog.bytesSent();
    return true;
  };

  let cause: unknown;
  const isOver = () => signal.aborted || codec.progress.ended;
  try {
    let bytes = NaN;
    while (bytes !== 0 && !isOver()) {
      // The first text is sent at once. During a pause, text arrives that one read then takes.
      const pauseMs = (await send()) && !source.hasMore ? pacing.pauseMs() : 0;
      if (pauseMs > 0) {
        source.batch();
        await clock.wait(pauseMs, signal);
      }
      if (isOver()) break;
      const startedAt = clock.now();
      bytes = await readChunk(flow);
      pacing.readTook(clock.now() - startedAt);
    }
    if (signal.aborted) await readLast(flow);
  } catch (error) {
    cause = error;
  }
  const fault = finishCodec(codec);
  cause ??= fault;
  // The last output is sent even after an abort, because it is charged. The pump then does not wait for the write.
  const last = send();
  if (signal.aborted) return signal.reason as Ending;
  await last;
  void source.cancel().catch(ignore);
  if (disconnect.callerLeft) return { kind: "left" };
  return endingOf(codec, cause);
}

/** Calls `cancel` 10 ms after `ended` aborts, so that bytes that have already arrived are still metered. */
export function afterLastRead(ended: AbortSignal, clock: Clock, cancel: () => void): void {
  ended.addEventListener("abort", () => clock.after(LAST_READ_MS, cancel), { once: true });
}

/** After an abort, reads the bytes that have already arrived. */
export async function readLast(flow: Flow): Promise<void> {
  const { progress } = flow.codec;
  for (let reads = 0; reads < MAX_LAST_READS && !progress.ended; reads++) {
    if ((await readChunk(flow)) === 0) return;
  }
  await flow.source.cancel();
}

/** Finishes the codec and returns its error instead of throwing it; undefined when the answer is valid. */
export function finishCodec(codec: Codec): unknown {
  try {
    codec.finish();
  } catch (fault) {
    return fault;
  }
}

/** The ending of an answer without an abort; `cause` is the error that broke the stream. */
export function endingOf({ progress }: Codec, cause: unknown): Ending {
  if (progress.error) return { kind: "failed", error: toStreamError(progress.error) };
  const complete = progress.ended || (progress.finish && !cause);
  return complete ? { kind: "finished" } : { kind: "failed", error: interruptedError(cause) };
}

/** Pushes the next bytes to the codec and returns their number; 0 at the end of the stream. */
export async function readChunk(flow: Flow): Promise<number> {
  const { source, codec, watchdog } = flow;
  watchdog.readStarted();
  const bytes = await source.read();
  watchdog.readEnded();
  if (!bytes) return 0;
  const { progress } = codec;
  const wasBegun = progress.begun;
  codec.push(bytes);
  if (progress.begun && !wasBegun && !progress.error) watchdog.answerStarted();
  if (!progress.ended && codec.isOverGrant(flow.grantedOutput)) endOverrun(progress);
  return bytes.length;
}

const ignore = () => undefined;
