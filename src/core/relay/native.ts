// Native pipe for unchanged answers, metered on a second branch of the stream.
// The pipe owns the writable, so this path sends no keep-alives.

import { endingOf, finishCodec, readChunk, readLast } from "./pump.ts";
import type { Flow } from "./pump.ts";
import type { Clock, Ending } from "./watchdog.ts";

/** Interval of reads for metering; between them, the unread bytes are buffered. */
const READ_EVERY_MS = 250;
/** A provider failure breaks both branches within this time. If only the pipe breaks, the caller disconnected. */
const FAILURE_VISIBLE_MS = 20;
/** Time to flush buffered bytes to a caller that reads, after the request was aborted. */
const FLUSH_MS = 100;

/**
 * Pipes `body` to `writable` and pushes the same bytes, read from `flow.source`, to the codec. Returns the ending, and
 * leaves `writable` open and unlocked for the closing event.
 */
export async function pipeNatively(
  flow: Flow,
  body: ReadableStream<Uint8Array>,
  writable: WritableStream<Uint8Array>,
  clock: Clock,
): Promise<Ending> {
  const { codec, control, disconnect } = flow;
  const { signal } = control;
  const stopPipe = new AbortController();
  const pipeEnded = new AbortController();
  const pipe = body
    .pipeTo(writable, { preventClose: true, preventAbort: true, signal: stopPipe.signal })
    .then(
      () => true,
      () => false,
    )
    .finally(() => pipeEnded.abort());

  const stopAfterFlush = () =>
    void clock.wait(FLUSH_MS, pipeEnded.signal).then(() => pipeEnded.signal.aborted || stopPipe.abort());
  // The caller disconnected already: only the usage is still needed.
  if (disconnect.callerLeft) stopPipe.abort();
  if (signal.aborted) stopAfterFlush();
  else signal.addEventListener("abort", stopAfterFlush, { once: true });

  const metering = meterCopy(flow, clock, pipeEnded.signal);
  void metering.then(() => codec.progress.overran && stopPipe.abort());
  const delivered = await pipe;
  if (!delivered && !signal.aborted) {
    const failureVisible = metering.then(() => true);
    const timedOut = clock.wait(FAILURE_VISIBLE_MS, signal).then(() => false);
    if (!(await Promise.race([failureVisible, timedOut]))) disconnect.markLeft();
  }
  const readError = await metering;
  const fault = finishCodec(codec);
  // If the caller does not read, writing the closing event would wait forever.
  if (!delivered && stopPipe.signal.aborted && !codec.progress.overran) void writable.abort().catch(() => undefined);
  if (signal.aborted && !codec.progress.ended) return signal.reason as Ending;
  return disconnect.callerLeft ? { kind: "left" } : endingOf(codec, readError ?? fault);
}

/**
 * Reads the second branch to its end. Waits between reads until the pipe has ended. After an abort it only reads bytes
 * that have already arrived. Returns the error that broke the stream, if any.
 */
async function meterCopy(flow: Flow, clock: Clock, pipeEnded: AbortSignal): Promise<unknown> {
  const { signal } = flow.control;
  const stopWaiting = AbortSignal.any([pipeEnded, signal]);
  try {
    while (!signal.aborted) {
      const bytes = await readChunk(flow);
      if (bytes === 0) return undefined;
      if (flow.codec.progress.overran) return await flow.source.cancel();
      if (bytes < flow.buffer.byteLength) await clock.wait(READ_EVERY_MS, stopWaiting);
    }
    await readLast(flow);
  } catch (error) {
    return error;
  }
}
