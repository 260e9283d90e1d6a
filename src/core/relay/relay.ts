// A streamed answer as a response body: looked at before it is promised, moved by the pump, settled before its last words.

import type { Progress } from "./answer.ts";
import type { Codec, Settled } from "./codec.ts";
import type { Departure } from "./departure.ts";
import { toStreamError } from "./failure.ts";
import type { OutputGate } from "../../features/moderation/gated.ts";
import { pumpGated } from "../../features/moderation/gated.ts";
import { createGatheringSource } from "./read-batching.ts";
import { passNatively } from "./native.ts";
import type { Flow } from "./pump.ts";
import { pump, READ_BYTES, readFirst } from "./pump.ts";
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
  /** Awaited before anything is promised; what it throws is thrown. */
  ready: Promise<void>;
  /** What the answer is held against on its way. */
  gate?: OutputGate | undefined;
  /** Called once the answer has ended in whatever way. Must not throw. */
  settle(progress: Progress, ending: Ending): Promise<Settled>;
}

const KEEP_ALIVE = new TextEncoder().encode(":\n\n");

/**
 * Starts to relay and returns the caller's end. Until then, whatever goes wrong is thrown as an ApiError (or as an
 * `Ending` when it was ended from outside), and `settle` is not called; afterwards it is always called, once.
 */
export async function startRelay(relay: Relay): Promise<ReadableStream<Uint8Array>> {
  const { codec, control, departure, watchdog } = relay;
  const [path, aside] = codec.pace === "native" ? relay.body.tee() : [undefined, relay.body];
  const coalesceMs = codec.pace === "coalesced" ? relay.coalesceMs : 0;
  const source = coalesceMs > 0 ? createGatheringSource(aside) : aside.getReader({ mode: "byob" });
  const flow: Flow = { source, buffer: new ArrayBuffer(READ_BYTES), codec, watchdog, control, departure };
  await readFirst(flow, relay.clock);
  const { error, outputBytes } = codec.progress;
  // Text that came in the same read is sent and charged as if it had come in another.
  if (error && outputBytes === 0) throw toStreamError(error);
  await relay.ready;
  const { readable, writable } = new IdentityTransformStream();
  void (path ? runNatively(relay, flow, path, writable) : runWritten(relay, flow, coalesceMs, writable));
  return readable;
}

async function runWritten(relay: Relay, flow: Flow, coalesceMs: number, writable: WritableStream<Uint8Array>) {
  const sink = createSink(writable.getWriter(), relay.departure);
  // The caller's leaving is noticed at the next write, and this may be the next write for a long time.
  relay.watchdog.relaying(() => void sink.write(KEEP_ALIVE));
  const { gate, clock } = relay;
  const ending = gate ? await pumpGated(flow, sink, clock, gate) : await pump(flow, sink, clock, coalesceMs);
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

function lastWords(codec: Codec, ending: Exclude<Ending, { kind: "left" }>, settled: Settled): Uint8Array {
  if (ending.kind === "finished") return codec.conclude(settled);
  return ending.kind === "blocked" ? codec.block(ending.error.body) : codec.fail(ending.error.body);
}

/** Settles, then sends the last words. */
async function conclude(relay: Relay, ending: Ending, sink: Sink) {
  const { codec } = relay;
  relay.watchdog.stop();
  const settled = await relay.settle(codec.progress, ending);
  if (ending.kind === "left") return sink.cut();
  await sink.write(lastWords(codec, ending, settled));
  await sink.close();
}
