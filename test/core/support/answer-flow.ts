// One streamed answer, with a provider, a caller and a clock that the test controls.

import type { Codec } from "../../../src/core/relay/codec.ts";
import { createDisconnect } from "../../../src/core/relay/disconnect.ts";
import { createSink } from "../../../src/core/relay/sink.ts";
import type { Flow } from "../../../src/core/relay/pump.ts";
import { paceAtOnce, paceCoalesced } from "../../../src/core/relay/pacing.ts";
import { pump, readFirst } from "../../../src/core/relay/pump.ts";
import { createSource } from "../../../src/core/relay/source.ts";
import type { Deadlines, Ending } from "../../../src/core/relay/watchdog.ts";
import { startWatchdog } from "../../../src/core/relay/watchdog.ts";
import { fromUtf8, textChunk, toUtf8 } from "../../support/chat-chunks.ts";
import { createFakeClock } from "./fake-clock.ts";
import { createTextCodec } from "./relay-codecs.ts";

export const DEADLINES: Deadlines = {
  first_byte_ms: 120_000,
  idle_ms: 60_000,
  total_ms: 600_000,
  keep_alive_ms: 15_000,
};

/** After an abort, bytes that arrive within this time are still read. Then the provider is cancelled. */
export const LAST_READ_MS = 10;

/** A byte stream that the test fills. With `lastWords`, each read gets one of these, and then the connection breaks. */
export function createProvider(lastWords?: string[]) {
  let controller: ReadableByteStreamController | undefined;
  let cancelled = false;
  const body = new ReadableStream({
    type: "bytes",
    start: (started: ReadableByteStreamController) => void (controller = started),
    pull(pulled: ReadableByteStreamController) {
      const word = lastWords?.shift();
      if (word !== undefined) pulled.enqueue(new Uint8Array(toUtf8(word)));
      else if (lastWords) pulled.error(new Error("connection reset"));
    },
    cancel: () => void (cancelled = true),
  });
  const sendBytes = (bytes: Uint8Array) => controller?.enqueue(new Uint8Array(bytes));
  return {
    body,
    send: (...events: string[]) => sendBytes(toUtf8(events.join(""))),
    sendBytes,
    end() {
      controller?.close();
      // This ends a pending read.
      controller?.byobRequest?.respond(0);
    },
    breakOff: () => controller?.error(new Error("connection reset")),
    isCancelled: () => cancelled,
  };
}

/** Takes each write at once, unless the test makes the caller slow or disconnects it. */
export function createCallerSink(now: () => number) {
  const writes: { at: number; text: string }[] = [];
  let stopped: PromiseWithResolvers<void> | undefined;
  let left = false;
  let aborted = false;
  const stream = new WritableStream<Uint8Array>({
    async write(bytes, controller) {
      const gone = new Promise<never>((_resolve, reject) => {
        controller.signal.addEventListener("abort", () => reject(new Error("aborted")), { once: true });
      });
      await Promise.race([stopped?.promise, gone]);
      if (left) throw new Error("the caller left");
      writes.push({ at: now(), text: fromUtf8(bytes) });
    },
    abort: () => void (aborted = true),
  });
  const readOn = () => {
    stopped?.resolve();
    stopped = undefined;
  };
  return {
    writer: stream.getWriter(),
    writes,
    text: () => writes.map(({ text }) => text).join(""),
    /** Writes wait from now on. */
    stopReading: () => void (stopped ??= Promise.withResolvers<void>()),
    readOn,
    leave() {
      left = true;
      readOn();
    },
    isAborted: () => aborted,
  };
}

export interface FlowOptions {
  codec?: Codec;
  deadlines?: Partial<Deadlines>;
  coalesceMs?: number;
  /** How long an answer is read after a disconnect; 0 cancels it. */
  leaveMs?: number;
  lastWords?: string[];
  grantedOutput?: number;
}

/** A flow with the setup of the relay. `begin` waits for the first event and then pumps. */
export function createAnswerFlow({
  codec = createTextCodec(),
  deadlines,
  coalesceMs = 40,
  leaveMs = 0,
  lastWords,
  grantedOutput = 10_000,
}: FlowOptions = {}) {
  const clock = createFakeClock();
  const provider = createProvider(lastWords);
  const caller = createCallerSink(() => clock.now());
  const control = new AbortController();
  let hasStarted = false;
  const keepAlive = () => hasStarted && void sink.write(toUtf8(":\n\n"));
  const watchdog = startWatchdog(clock, { ...DEADLINES, ...deadlines }, control, keepAlive);
  const disconnect = createDisconnect(control, clock, () => leaveMs);
  const flow: Flow = {
    // One read of a stream in Node returns all bytes that have arrived, so that batches need no pipe.
    source: Object.assign(createSource(provider.body), { batch: () => undefined }),
    codec,
    watchdog,
    control,
    disconnect,
    grantedOutput,
  };
  const sink = createSink(caller.writer, disconnect);
  let ending: Ending | undefined;
  let refusal: unknown;

  const run = async () => {
    await readFirst(flow, clock);
    hasStarted = true;
    const isCoalesced = codec.pace === "coalesced" && coalesceMs > 0;
    ending = await pump(flow, sink, clock, isCoalesced ? paceCoalesced(coalesceMs) : paceAtOnce());
    watchdog.stop();
  };
  return {
    clock,
    provider,
    caller,
    control,
    disconnect,
    codec,
    /** Starts, and runs until it waits for time to pass. */
    async begin() {
      run().catch((thrown: unknown) => {
        refusal = thrown;
        watchdog.stop();
      });
      await clock.idle();
    },
    /** The ending; undefined before it. */
    ending: () => ending,
    /** The error before the response started. */
    refusal: () => refusal,
  };
}

export type AnswerFlow = ReturnType<typeof createAnswerFlow>;
export type FlowProvider = AnswerFlow["provider"];

/** A flow that has started with the text "Hel". */
export async function beginFlow(options?: FlowOptions): Promise<AnswerFlow> {
  const flow = createAnswerFlow(options);
  flow.provider.send(textChunk("Hel"));
  await flow.begin();
  return flow;
}
