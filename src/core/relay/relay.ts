// The relay of a streamed answer: first event, pump, settlement, closing event.

import type { Progress } from "./answer.ts";
import type { Codec, Settled } from "./codec.ts";
import type { Disconnect } from "./disconnect.ts";
import { toStreamError } from "./failure.ts";
import { pipeNatively } from "./native.ts";
import type { Flow, PumpAnswer } from "./pump.ts";
import { pump, READ_BYTES, readFirst } from "./pump.ts";
import { createBatchingSource } from "./read-batching.ts";
import type { Sink } from "./sink.ts";
import { createSink } from "./sink.ts";
import type { Clock, Ending, Watchdog } from "./watchdog.ts";

export interface Relay {
  /** The provider's answer. */
  body: ReadableStream<Uint8Array>;
  codec: Codec;
  control: AbortController;
  watchdog: Watchdog;
  clock: Clock;
  /** Minimum interval between writes of a coalescing codec, in ms. */
  coalesceMs: number;
  disconnect: Disconnect;
  /** Awaited before the response starts. Its rejection is thrown. */
  ready: Promise<void>;
  /** Replaces the standard pump, for a codec that holds events back. */
  pump?: PumpAnswer | undefined;
  /** Called once after every ending. Must not throw. */
  settle(progress: Progress, ending: Ending): Promise<Settled>;
}

const KEEP_ALIVE = new TextEncoder().encode(":\n\n");

/**
 * Starts the relay and returns the response body. Throws an ApiError when the answer fails before its first event, or
 * an `Ending` after an abort. Once it has returned, `settle` is always called, once.
 */
export async function startRelay(relay: Relay): Promise<ReadableStream<Uint8Array>> {
  const { codec, control, disconnect, watchdog } = relay;
  const [piped, copy] = codec.pace === "native" ? relay.body.tee() : [undefined, relay.body];
  const coalesceMs = codec.pace === "coalesced" ? relay.coalesceMs : 0;
  const source = coalesceMs > 0 ? createBatchingSource(copy) : copy.getReader({ mode: "byob" });
  const flow: Flow = { source, buffer: new ArrayBuffer(READ_BYTES), codec, watchdog, control, disconnect };
  await readFirst(flow, relay.clock);
  const { error, outputBytes } = codec.progress;
  // If text arrived in the same read as the error, it is sent and charged like any other text.
  if (error && outputBytes === 0) throw toStreamError(error);
  await relay.ready;
  const { readable, writable } = new IdentityTransformStream();
  void (piped ? runNatively(relay, flow, piped, writable) : runPumped(relay, flow, coalesceMs, writable));
  return readable;
}

async function runPumped(relay: Relay, flow: Flow, coalesceMs: number, writable: WritableStream<Uint8Array>) {
  const sink = createSink(writable.getWriter(), relay.disconnect);
  // The platform can report a disconnect late. A failed write always reveals it, and keep-alives are writes.
  if (!relay.codec.isBinary) relay.watchdog.startKeepAlives(() => void sink.write(KEEP_ALIVE));
  const { clock } = relay;
  const ending = relay.pump ? await relay.pump(flow, sink, clock) : await pump(flow, sink, clock, coalesceMs);
  await conclude(relay, ending, sink);
}

async function runNatively(
  relay: Relay,
  flow: Flow,
  piped: ReadableStream<Uint8Array>,
  writable: WritableStream<Uint8Array>,
) {
  const ending = await pipeNatively(flow, piped, writable, relay.clock);
  await conclude(relay, ending, createSink(writable.getWriter(), relay.disconnect));
}

/** Settles, then sends the closing event. */
async function conclude(relay: Relay, ending: Ending, sink: Sink) {
  const { codec } = relay;
  relay.watchdog.stop();
  const settled = await relay.settle(codec.progress, ending);
  const closing = ending.kind === "left" ? undefined : closingOf(codec, ending, settled);
  if (closing === undefined) return sink.cut();
  await sink.write(closing);
  await sink.close();
}

function closingOf(codec: Codec, ending: Exclude<Ending, { kind: "left" }>, settled: Settled): Uint8Array | undefined {
  if (ending.kind === "finished") return codec.conclude(settled);
  return ending.kind === "blocked" ? codec.block(ending.error.body, undefined) : codec.fail(ending.error.body);
}
