// A streamed answer as a response body: looked at before it is promised, moved by the pump, settled before its last words.

import { apiError } from "../errors.ts";
import type { Progress } from "./answer.ts";
import type { Codec } from "./codec.ts";
import type { Flow } from "./pump.ts";
import { pump, readFirst } from "./pump.ts";
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
  /** Called once the answer has ended in whatever way; gives what is left of the quota. Must not throw. */
  settle(progress: Progress, ending: Ending): Promise<Record<string, number>>;
}

const KEEP_ALIVE = new TextEncoder().encode(":\n\n");

/**
 * Starts to relay and returns the caller's end. Until then, whatever goes wrong is thrown as an ApiError (or as an
 * `Ending` when it was ended from outside), and `settle` is not called; afterwards it is always called, once.
 */
export async function startRelay(relay: Relay): Promise<ReadableStream<Uint8Array>> {
  const { codec, control, watchdog } = relay;
  const flow: Flow = { source: relay.body.getReader({ mode: "byob" }), codec, watchdog, control };
  await readFirst(flow);
  const { error } = codec.progress;
  if (error) throw apiError("provider_error", error.message, { cause: error });
  const { readable, writable } = new IdentityTransformStream();
  void run(relay, flow, writable.getWriter());
  return readable;
}

async function run(relay: Relay, flow: Flow, sink: WritableStreamDefaultWriter<Uint8Array>) {
  const { codec, control, watchdog } = relay;
  // The caller's leaving is noticed at the next write, and this may be the next write for a long time.
  const leave = () => control.abort({ kind: "left" } satisfies Ending);
  watchdog.relaying(() => void sink.write(KEEP_ALIVE).catch(leave));
  const ending = await pump(flow, sink, relay.clock, codec.coalesces ? relay.coalesceMs : 0);
  watchdog.stop();
  const left = await relay.settle(codec.progress, ending);
  if (ending.kind === "left") return;
  const last = ending.kind === "finished" ? codec.conclude(left) : codec.fail(ending.error.body);
  try {
    if (last.length > 0) await sink.write(last);
    await sink.close();
  } catch {
    // The caller left after the answer had ended: it is settled, and there is nobody to tell.
  }
}
