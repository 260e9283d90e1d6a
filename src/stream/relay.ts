// A streamed answer as a response body: looked at before it is promised, moved by the pump, settled before its last words.

import type { Progress } from "./answer.ts";
import type { Codec, Settled } from "./codec.ts";
import type { Departure } from "./departure.ts";
import { toStreamError } from "./failure.ts";
import type { Flow } from "./pump.ts";
import { pump, readFirst } from "./pump.ts";
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
  const flow: Flow = { source: relay.body.getReader({ mode: "byob" }), codec, watchdog, control, departure };
  await readFirst(flow);
  const { error, outputBytes } = codec.progress;
  // Text that came in the same read is sent and charged as if it had come in another.
  if (error && outputBytes === 0) throw toStreamError(error);
  const { readable, writable } = new IdentityTransformStream();
  void run(relay, flow, createSink(writable.getWriter(), relay.departure));
  return readable;
}

async function run(relay: Relay, flow: Flow, sink: Sink) {
  const { codec, watchdog } = relay;
  // The caller's leaving is noticed at the next write, and this may be the next write for a long time.
  watchdog.relaying(() => void sink.write(KEEP_ALIVE));
  const ending = await pump(flow, sink, relay.clock, codec.coalesces ? relay.coalesceMs : 0);
  watchdog.stop();
  const settled = await relay.settle(codec.progress, ending);
  if (ending.kind === "left") return;
  await sink.write(ending.kind === "finished" ? codec.conclude(settled) : codec.fail(ending.error.body));
  await sink.close();
}
