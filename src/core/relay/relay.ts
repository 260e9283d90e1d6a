// Relays a streamed answer: checks its first event, pumps it to the caller, settles, and sends the closing event.

import type { Progress } from "./answer.ts";
import type { Codec, Settled } from "./codec.ts";
import type { Departure } from "./departure.ts";
import { toStreamError } from "./failure.ts";
import { passNatively } from "./native.ts";
import type { Flow, Pump } from "./pump.ts";
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
  /** How long text may wait for more text to travel with, in ms. */
  coalesceMs: number;
  departure: Departure;
  /** Awaited before the caller is promised anything; what it throws is thrown. */
  ready: Promise<void>;
  /** Replaces the usual pump, for a codec that releases events later. */
  pump?: Pump | undefined;
  /** Called once when the relay has ended, however it ended. Must not throw. */
  settle(progress: Progress, ending: Ending): Promise<Settled>;
}

const KEEP_ALIVE = new TextEncoder().encode(":\n\n");

/**
 * Starts to relay and returns the body for the caller. Until it returns, every failure is thrown: an ApiError, or an
 * `Ending` when the request was ended from outside. After that, `settle` is always called, once.
 */
export async function startRelay(relay: Relay): Promise<ReadableStream<Uint8Array>> {
  const { codec, control, departure, watchdog } = relay;
  const [path, copy] = codec.pace === "native" ? relay.body.tee() : [undefined, relay.body];
  const coalesceMs = codec.pace === "coalesced" ? relay.coalesceMs : 0;
  const source = coalesceMs > 0 ? createBatchingSource(copy) : copy.getReader({ mode: "byob" });
  const flow: Flow = { source, buffer: new ArrayBuffer(READ_BYTES), codec, watchdog, control, departure };
  await readFirst(flow, relay.clock);
  const { error, outputBytes } = codec.progress;
  // Text that came in the same read is sent and charged as if it had come in an earlier one.
  if (error && outputBytes === 0) throw toStreamError(error);
  await relay.ready;
  const { readable, writable } = new IdentityTransformStream();
  void (path ? runNatively(relay, flow, path, writable) : runPumped(relay, flow, coalesceMs, writable));
  return readable;
}

async function runPumped(relay: Relay, flow: Flow, coalesceMs: number, writable: WritableStream<Uint8Array>) {
  const sink = createSink(writable.getWriter(), relay.departure);
  // A caller who left is noticed at the next write, and without keep-alives that may be a long time away.
  relay.watchdog.relaying(() => void sink.write(KEEP_ALIVE));
  const { clock } = relay;
  const ending = relay.pump ? await relay.pump(flow, sink, clock) : await pump(flow, sink, clock, coalesceMs);
  await conclude(relay, ending, sink);
}

async function runNatively(
  relay: Relay,
  flow: Flow,
  path: ReadableStream<Uint8Array>,
  writable: WritableStream<Uint8Array>,
) {
  const ending = await passNatively(flow, path, writable, relay.clock);
  await conclude(relay, ending, createSink(writable.getWriter(), relay.departure));
}

/** Settles, then sends the closing event. */
async function conclude(relay: Relay, ending: Ending, sink: Sink) {
  const { codec } = relay;
  relay.watchdog.stop();
  const settled = await relay.settle(codec.progress, ending);
  const last = ending.kind === "left" ? undefined : closingOf(codec, ending, settled);
  if (last === undefined) return sink.cut();
  await sink.write(last);
  await sink.close();
}

function closingOf(codec: Codec, ending: Exclude<Ending, { kind: "left" }>, settled: Settled): Uint8Array | undefined {
  if (ending.kind === "finished") return codec.conclude(settled);
  return ending.kind === "blocked" ? codec.block(ending.error.body, undefined) : codec.fail(ending.error.body);
}
