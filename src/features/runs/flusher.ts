// Stores a run: at its start, at intervals, after a tool call, after its last reader, and at its end.

import type { Amounts } from "../../core/catalog/quota-window.ts";
import type { Caller, ReservedRequest } from "../../core/gateway/call.ts";
import { toLogged } from "../../core/log.ts";
import type { Clock } from "../../core/relay/watchdog.ts";
import type { RunSettings } from "./catalog.ts";
import { createContentPacker } from "./content.ts";
import type { RunLog } from "./log.ts";
import { replayedHeaders } from "./replies.ts";
import type { Seal } from "./seal.ts";
import type { RunStore, StoredRun } from "./storage.ts";

/** The shortest time between two flushes that departing readers cause. */
const DEPARTURE_FLUSH_MS = 2000;

/** The run and the environment of its flushes. */
export interface FlushContext {
  /** The name of the user's objects. */
  name: string;
  caller: Caller;
  settings: RunSettings;
  fingerprint: string;
  seal: Seal;
  store: RunStore;
  clock: Clock;
}

/** Creates the flusher of a run. Its writes run one after the other. */
export function createFlusher({ name, caller, settings, fingerprint, seal, store, clock }: FlushContext, log: RunLog) {
  const { keep_ms: keepMs, flush_ms: flushMs } = settings;
  const isUnstored = settings.store === "memory";
  const packer = createContentPacker(log, seal);
  let request: ReservedRequest | undefined;
  let lease = { name: "", key: "" };
  let head: Record<string, string> = {};
  let keptUntil = 0;
  let flushedAt = 0;
  let last: Promise<void> = Promise.resolve();
  let stopTimer: (() => void) | undefined;
  let isOver = false;
  let unsettled: Amounts | undefined;

  const runNow = (state: "open" | "ended"): Omit<StoredRun, "v" | "parts"> => {
    // A restart comes before the next flush, so the charge of an open run covers the provider's work until then.
    const charge = state === "open" ? request?.chargeAfter(flushMs) : unsettled;
    return {
      state,
      fingerprint,
      keptUntil,
      keepMs,
      head,
      lease: charge && { ...lease, charge },
      ...(isUnstored && { isUnstored }),
    };
  };
  const write = async (state: "open" | "ended") => {
    const isTooLarge = log.dropped > 0;
    const content = isUnstored || isTooLarge ? { newParts: [], parts: 0 } : await packer.pack();
    if (isTooLarge) store.deleteParts(seal.id);
    const { newParts, ...parts } = content;
    store.save(seal.id, { ...runNow(state), ...parts, ...(isTooLarge && { isTooLarge }) }, newParts);
    packer.confirm();
  };
  const enqueue = (work: () => Promise<void>): Promise<void> => {
    stopTimer?.();
    last = last.then(work).catch((error: unknown) => {
      console.error(JSON.stringify({ event: "run_not_stored", request: caller.requestId, error: toLogged(error) }));
    });
    return last;
  };
  /** After the closing event, only the end is stored. */
  const isFlushable = () => !isOver && request !== undefined && !log.ending;
  const flush = () => {
    if (!isFlushable()) return;
    flushedAt = clock.now();
    void enqueue(() => write("open"));
    flushAfter(flushMs);
  };
  const flushAfter = (ms: number) => {
    stopTimer?.();
    stopTimer = clock.after(ms, flush);
  };
  return {
    /** Stores the start of the run, synchronously. Later requests of the object wait until it is written. */
    start(key: string, reserved: ReservedRequest): void {
      request = reserved;
      lease = { name, key };
      flushedAt = clock.now();
      keptUntil = flushedAt + caller.catalog.timing.total_ms + keepMs;
      store.save(seal.id, { ...runNow("open"), parts: 0 });
      flushAfter(flushMs);
    },
    /** Sets the response headers that the next flushes store. */
    setHead: (headers: Headers) => (head = replayedHeaders(headers)),
    /** Stores the events so far. Does not wait for the write. */
    flush,
    /** Stores the events so far, at most every 2 s. Called when the last reader has left. */
    flushAfterDeparture(): void {
      if (!isFlushable()) return;
      const dueMs = flushedAt + Math.min(DEPARTURE_FLUSH_MS, flushMs) - clock.now();
      if (dueMs <= 0) flush();
      else flushAfter(dueMs);
    },
    /** Stores the end, after which nothing is written. `charge`: that of a settlement which failed. */
    end(charge: Amounts | undefined): Promise<void> {
      isOver = true;
      unsettled = charge;
      keptUntil = Math.min(keptUntil, clock.now() + keepMs);
      return enqueue(() => write("ended"));
    },
    /** Removes the run from storage. */
    remove(): Promise<void> {
      isOver = true;
      return enqueue(async () => store.remove(seal.id));
    },
  };
}
