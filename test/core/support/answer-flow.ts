// One streamed answer between a provider and a caller whom the test plays, under a clock that the test moves.

import type { Codec } from "../../../src/core/relay/codec.ts";
import { createDisconnect } from "../../../src/core/relay/disconnect.ts";
import { createSink } from "../../../src/core/relay/sink.ts";
import type { Flow } from "../../../src/core/relay/pump.ts";
import { pump, READ_BYTES, readFirst } from "../../../src/core/relay/pump.ts";
import type { Deadlines, Ending } from "../../../src/core/relay/watchdog.ts";
import { startWatchdog } from "../../../src/core/relay/watchdog.ts";
import { fromUtf8, toUtf8 } from "../../support/chat-chunks.ts";
import { createFakeClock } from "./fake-clock.ts";
import { createTextCodec } from "./relay-codecs.ts";

export const DEADLINES: Deadlines = {
  first_byte_ms: 120_000,
  idle_ms: 60_000,
  total_ms: 600_000,
  keep_alive_ms: 15_000,
};

/** So long after a flow was ended from outside its provider is cancelled: what has arrived is read until then. */
export const LAST_READ_MS = 10;

/**
 * The provider's side of an answer: a byte stream that the test fills. With `lastWords`, it gives one of these at each
 * read, and then its connection breaks.
 */
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
      // A read that already waits is only answered when the request for its bytes is.
      controller?.byobRequest?.respond(0);
    },
    breakOff: () => controller?.error(new Error("connection reset")),
    isCancelled: () => cancelled,
  };
}

/** The caller's side: takes each write at once, unless the test makes the caller slow or lets the caller leave. */
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
  /** How long an answer is read on after its caller left; 0 cancels it. */
  leaveMs?: number;
  lastWords?: string[];
}

/** A flow that is set up as the relay does it. `begin` waits for the first event and then pumps. */
export function createAnswerFlow({
  codec = createTextCodec(),
  deadlines,
  coalesceMs = 40,
  leaveMs = 0,
  lastWords,
}: FlowOptions = {}) {
  const clock = createFakeClock();
  const provider = createProvider(lastWords);
  const caller = createCallerSink(() => clock.now());
  const control = new AbortController();
  const watchdog = startWatchdog(clock, { ...DEADLINES, ...deadlines }, control);
  const disconnect = createDisconnect(control, clock, leaveMs);
  const flow: Flow = {
    source: provider.body.getReader({ mode: "byob" }),
    buffer: new ArrayBuffer(READ_BYTES),
    codec,
    watchdog,
    control,
    disconnect,
  };
  const sink = createSink(caller.writer, disconnect);
  let ending: Ending | undefined;
  let refusal: unknown;

  const run = async () => {
    await readFirst(flow, clock);
    watchdog.startKeepAlives(() => void sink.write(toUtf8(":\n\n")));
    ending = await pump(flow, sink, clock, codec.pace === "coalesced" ? coalesceMs : 0);
    watchdog.stop();
  };
  return {
    clock,
    provider,
    caller,
    control,
    disconnect,
    codec,
    /** Starts, and runs as far as it can without time passing. */
    async begin() {
      run().catch((thrown: unknown) => {
        refusal = thrown;
        watchdog.stop();
      });
      await clock.idle();
    },
    /** How it ended, once it has. */
    ending: () => ending,
    /** What was thrown before anything was promised. */
    refusal: () => refusal,
  };
}
