// The relay of a streamed answer: first event, pump, settlement, closing event.

import type { Progress } from "./answer.ts";
import type { ChargedTokens, Codec, Settled } from "./codec.ts";
import type { Disconnect } from "./disconnect.ts";
import { toStreamError } from "./failure.ts";
import type { Flow, PumpAnswer } from "./pump.ts";
import { PACE_BULK, paceAtOnce, paceCoalesced } from "./pacing.ts";
import { pump, readFirst } from "./pump.ts";
import type { Sink } from "./sink.ts";
import { BULK_BYTES, createSource } from "./source.ts";
import type { StreamBody } from "./stream-body.ts";
import type { Clock, Ending, Watchdog } from "./watchdog.ts";

type SettledRelay = Settled & { charged: ChargedTokens };

export interface Relay {
  /** The provider's answer. */
  body: ReadableStream<Uint8Array>;
  codec: Codec;
  control: AbortController;
  watchdog: Watchdog;
  clock: Clock;
  /** The first interval between writes of a coalescing codec, in ms: see pacing.ts. */
  coalesceMs: number;
  disconnect: Disconnect;
  /** Awaited before the response starts. Its rejection is thrown. */
  ready: Promise<void>;
  /** Replaces the standard pump, for a codec that holds events back. */
  pump?: PumpAnswer | undefined;
  /** The granted output tokens of all choices together. An answer that exceeds them is ended. */
  grantedOutput: number;
  /** Starts the response. Called once, when the answer can be sent. */
  start(): StreamBody;
  /** Called once after every ending. Must not throw. Calls `onSlow` before it waits for a provider. */
  settle(progress: Progress, ending: Ending, onSlow: () => void): Promise<SettledRelay>;
}

/**
 * Starts the relay and calls `start` when the response can start. Throws an ApiError when the answer fails before its
 * first event, or an `Ending` after an abort. Once it has returned, `settle` is always called, once.
 */
export async function startRelay(relay: Relay): Promise<void> {
  const { codec, disconnect, watchdog, control } = relay;
  const source = createSource(relay.body, codec.pace === "bulk" ? BULK_BYTES : undefined);
  const { grantedOutput } = relay;
  const flow: Flow = { source, codec, watchdog, control, disconnect, grantedOutput };
  await readFirst(flow, relay.clock);
  const { error, outputBytes } = codec.progress;
  // If text arrived in the same read as the error, it is sent and charged like any other text.
  if (error && outputBytes === 0) throw toStreamError(error);
  watchdog.verdictAwaited(true);
  await relay.ready;
  watchdog.verdictAwaited(false);
  void run(relay, flow, relay.start().sink);
}

/** Sends the answer, then settles and closes it. */
async function run(relay: Relay, flow: Flow, sink: Sink) {
  const { clock, codec, coalesceMs } = relay;
  const usual = codec.pace === "bulk" ? PACE_BULK : paceAtOnce();
  const pacing = codec.pace === "coalesced" && coalesceMs > 0 ? paceCoalesced(coalesceMs) : usual;
  const ending = relay.pump ? await relay.pump(flow, sink, clock) : await pump(flow, sink, clock, pacing);
  await conclude(relay, ending, sink);
}

/** Settles and sends the closing event. */
async function conclude(relay: Relay, ending: Ending, sink: Sink) {
  const { codec } = relay;
  relay.watchdog.stop();
  const slow = Promise.withResolvers<void>();
  const settling = relay.settle(codec.progress, ending, slow.resolve);
  const closing = await closingOf(codec, ending, settling, slow.promise);
  if (closing === undefined) return sink.cut();
  await sink.write(closing);
  await sink.close();
}

/** Returns the closing event after the settlement. A failure does not wait for a slow settlement. */
async function closingOf(
  codec: Codec,
  ending: Ending,
  settling: Promise<SettledRelay>,
  slow: Promise<void>,
): Promise<Uint8Array | undefined> {
  switch (ending.kind) {
    case "finished":
      return codec.conclude(await settling);
    case "cancelled":
      return codec.cancel?.(await settling);
    case "left":
      return undefined;
    case "blocked":
      return codec.block(ending.error.body, undefined, (await settling).charged);
    case "failed":
    case "timeout":
    case "withheld":
      await Promise.race([settling, slow]);
      return codec.fail(ending.error.body);
  }
}
