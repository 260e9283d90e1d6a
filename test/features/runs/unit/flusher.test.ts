// uses: slim-chat
// When a run is stored, with what, and with which charge in case its object is restarted.

import * as fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import type { ReservedRequest } from "../../../../src/core/gateway/call.ts";
import { readContent } from "../../../../src/features/runs/content.ts";
import type { FlushContext } from "../../../../src/features/runs/flusher.ts";
import { createFlusher } from "../../../../src/features/runs/flusher.ts";
import type { RunEvent } from "../../../../src/features/runs/log.ts";
import { createLog, MAX_LOG_LENGTH } from "../../../../src/features/runs/log.ts";
import type { Seal } from "../../../../src/features/runs/seal.ts";
import type { StoredRun } from "../../../../src/features/runs/storage.ts";
import { openRunStore } from "../../../../src/features/runs/storage.ts";
import { createFakeClock } from "../../../core/support/fake-clock.ts";
import { createMapStorage } from "../support/map-storage.ts";
import { arbitraryEvents, DONE, textEvent } from "../support/run-logs.ts";

const TOTAL_MS = 600_000;
const KEEP_MS = 900_000;
/** A seal that needs no time. */
const seal: Seal = {
  id: "run-1",
  leaseKey: async () => "lease-1",
  encrypt: async (_part, plain) => plain,
  decrypt: async (_part, sealed) => sealed,
};

/** A run whose provider has cost a token a millisecond so far, since its start. */
function createRun(changes: Partial<FlushContext["settings"]> = {}) {
  const clock = createFakeClock();
  const startedAt = clock.now();
  const disk = createMapStorage();
  const store = openRunStore(disk.storage, null);
  const log = createLog();
  const settings = { enabled: true, keep_ms: KEEP_MS, flush_ms: 10_000, store: "sealed" as const, ...changes };
  const caller = { requestId: "request-1", catalog: { timing: { total_ms: TOTAL_MS } } };
  const context = { name: "user-1", caller, settings, fingerprint: "print", seal, store, clock };
  const flusher = createFlusher(context as unknown as FlushContext, log);
  const request = {
    chargeAfter: (ms: number) => ({ tokens: clock.now() + ms - startedAt, requests: 1, nanoUsd: 0 }),
    cancel: () => undefined,
    settled: new Promise<undefined>(() => undefined),
  };
  return {
    clock,
    startedAt,
    disk,
    store,
    log,
    flusher,
    start: () => flusher.start("lease-1", request as unknown as ReservedRequest),
    say: (...events: RunEvent[]) => events.forEach((event) => log.append(event)),
    pass: (ms: number) => clock.advance(ms),
    /** The stored run and its events. */
    async stored() {
      const run = store.load(seal.id) as StoredRun;
      return { ...run, events: await readContent(store.contentOf(seal.id, run), seal) };
    },
    writes: () => disk.puts.length,
  };
}

describe("a run is stored", () => {
  it("at its start, at once, without content, with the charge of the time until the next flush", async () => {
    const run = createRun();
    run.flusher.flush();
    run.flusher.flushAfterDeparture();
    expect(run.writes()).toBe(0);
    run.start();
    expect(await run.stored()).toMatchObject({
      state: "open",
      fingerprint: "print",
      lease: { name: "user-1", key: "lease-1", charge: { tokens: 10_000 } },
      keptUntil: run.startedAt + TOTAL_MS + KEEP_MS,
      events: [],
    });
    expect([run.writes(), run.disk.alarm.at]).toEqual([1, run.startedAt + TOTAL_MS + KEEP_MS]);
  });

  it("every `flush_ms`, also when the provider is silent, because its charge grows", async () => {
    const run = createRun();
    run.start();
    run.flusher.setHead(
      new Headers({ "weir-model": "swift-1", "server-timing": "x", "x-ratelimit-limit-tokens": "1" }),
    );
    for (const text of ["A ", "weir "]) {
      run.say(textEvent(text));
      await run.pass(5000);
    }
    expect(await run.stored()).toMatchObject({
      events: ["A ", "weir "].map(textEvent),
      head: { "weir-model": "swift-1" },
      lease: { charge: { tokens: 20_000 } },
    });
    await run.pass(30_000);
    expect(await run.stored()).toMatchObject({ lease: { charge: { tokens: 50_000 } } });
    expect(run.writes()).toBe(5);
  });

  it("when its last reader leaves, but not more often than every 2 s, and never later than planned", async () => {
    const run = createRun();
    run.start();
    await run.pass(1000);
    run.flusher.flushAfterDeparture();
    run.flusher.flushAfterDeparture();
    await run.pass(999);
    expect(run.writes()).toBe(1);
    await run.pass(1);
    expect(run.writes()).toBe(2);
    await run.pass(2000);
    run.flusher.flushAfterDeparture();
    await run.clock.idle();
    expect(run.writes()).toBe(3);

    const hurried = createRun({ flush_ms: 300 });
    hurried.start();
    for (let turns = 0; turns < 6; turns++) {
      await hurried.pass(100);
      hurried.flusher.flushAfterDeparture();
    }
    await hurried.clock.idle();
    expect(hurried.writes()).toBe(3);
  });

  it("at its end, after which nothing is written and no timer is left", async () => {
    const run = createRun();
    run.start();
    await run.pass(4000);
    run.say(textEvent("A weir."), DONE);
    // The readers leave as soon as they have the closing event.
    run.flusher.flushAfterDeparture();
    const end = run.flusher.end(undefined);
    run.flusher.flush();
    run.flusher.flushAfterDeparture();
    await end;
    expect(run.clock.pending).toBe(0);
    expect(await run.stored()).toMatchObject({
      state: "ended",
      keptUntil: run.startedAt + 4000 + KEEP_MS,
      events: [textEvent("A weir."), DONE],
    });
    expect((await run.stored()).lease).toBeUndefined();
    await run.pass(60_000);
    expect([run.writes(), run.clock.pending]).toEqual([2, 0]);
  });

  it("in the order of its flushes: the end is the last one", async () => {
    const run = createRun();
    run.start();
    run.say(textEvent("x".repeat(600_000)));
    run.flusher.flush();
    run.say(textEvent("y"), DONE);
    await run.flusher.end(undefined);
    expect((await run.stored()).state).toBe("ended");
    expect((await run.stored()).events).toHaveLength(3);
    expect(run.disk.puts.filter((key) => key.startsWith("part:"))).toHaveLength(2);
  });
});

it("an object that is killed after any write has the first events of the run, and a charge that covers them", async () => {
  const step = fc.oneof(
    fc.record({ say: fc.integer({ min: 1, max: 6 }) }),
    fc.record({ pass: fc.integer({ min: 0, max: 12_000 }) }),
    fc.constantFrom("flush", "leave"),
  );
  const given = [arbitraryEvents, fc.array(step, { maxLength: 20 })] as const;
  const property = fc.asyncProperty(...given, async (said, steps) => {
    const run = createRun();
    const all = [...said.flatMap((event) => [event, textEvent("🌊".repeat(9000))]), DONE];
    run.start();
    for (const next of steps) {
      if (next === "flush") run.flusher.flush();
      else if (next === "leave") run.flusher.flushAfterDeparture();
      else if ("pass" in next) await run.pass(next.pass);
      else run.say(...all.slice(run.log.count, Math.min(run.log.count + next.say, said.length)));
    }
    run.say(...all.slice(run.log.count));
    await run.flusher.end(undefined);
    expect((await run.stored()).events).toEqual(all);
    let last = 0;
    let charged = 10_000;
    for (const values of run.disk.states) {
      const disk = createMapStorage(values);
      const store = openRunStore(disk.storage, null);
      const stored = store.load(seal.id) as StoredRun;
      const events = await readContent(store.contentOf(seal.id, stored), seal);
      expect(events).toEqual(all.slice(0, events?.length));
      expect(events?.length).toBeGreaterThanOrEqual(last);
      last = events?.length ?? 0;
      if (!stored.lease) continue;
      // The provider has worked since the write before, which charged for that.
      expect(stored.lease.charge.tokens - 10_000).toBeLessThanOrEqual(charged);
      charged = stored.lease.charge.tokens;
    }
  });
  await fc.assert(property, { numRuns: 25 });
});

describe("a run is not stored", () => {
  it("with content under `memory`", async () => {
    const run = createRun({ store: "memory" });
    run.start();
    run.say(textEvent("A weir."), DONE);
    await run.flusher.end(undefined);
    expect(await run.stored()).toMatchObject({ state: "ended", isUnstored: true, events: [] });
    expect((await run.stored()).rest).toBeUndefined();
  });

  it("with content when it is too large, and its earlier parts are deleted", async () => {
    const run = createRun();
    run.start();
    run.say(textEvent("x".repeat(600_000)));
    await run.pass(10_000);
    expect([...run.disk.values.keys()].filter((key) => key.startsWith("part:"))).toHaveLength(2);
    run.say(...Array.from({ length: 8 }, () => textEvent("x".repeat(MAX_LOG_LENGTH / 8))), DONE);
    await run.flusher.end(undefined);
    expect(await run.stored()).toMatchObject({ state: "ended", isTooLarge: true, parts: 0, events: [] });
    expect([...run.disk.values.keys()]).toEqual([`run:${seal.id}`]);
  });

  it("when it was refused: its record is removed, and no timer is left", async () => {
    const run = createRun();
    run.start();
    await run.flusher.remove();
    expect([run.disk.values.size, run.clock.pending]).toEqual([0, 0]);
    await run.pass(60_000);
    expect(run.writes()).toBe(1);
  });
});

it("a write that fails is logged, and the next ones are made", async () => {
  const logged = vi.spyOn(console, "error").mockImplementation(() => undefined);
  const run = createRun();
  run.start();
  run.say(textEvent("A weir."));
  run.disk.failNext();
  await run.pass(10_000);
  expect(run.writes()).toBe(1);
  expect(logged.mock.calls).toMatchObject([[expect.stringContaining('"event":"run_not_stored"')]]);
  expect(logged.mock.calls[0]?.[0]).not.toContain("weir.");
  logged.mockRestore();
  run.say(DONE);
  await run.flusher.end(undefined);
  expect(await run.stored()).toMatchObject({ state: "ended", events: [textEvent("A weir."), DONE] });
});
