// uses: slim-chat
// The stored runs of a user, and the end of those whose object was restarted.

import "../../../../src/features.ts";
import { beforeAll, describe, expect, it, vi } from "vitest";
import type { Bindings } from "../../../../src/core/env.ts";
import { endOverdue, settleStored } from "../../../../src/features/runs/recovery.ts";
import type { StoredRun } from "../../../../src/features/runs/storage.ts";
import { openRunStore } from "../../../../src/features/runs/storage.ts";
import { tokensADay } from "../../../core/support/quota-book.ts";
import { createNamespace } from "../../../core/support/quota-namespace.ts";
import { provideScheduler } from "../../../core/support/scheduler.ts";
import { refusalOf } from "../../../support/refusals.ts";
import { createMapStorage } from "../support/map-storage.ts";

beforeAll(provideScheduler);

const NOON = Date.UTC(2026, 10, 23, 12);
const CHARGE = { tokens: 70, requests: 1, nanoUsd: 5 };
const run = (changes: Partial<StoredRun> = {}): StoredRun => ({
  v: 1,
  state: "ended",
  fingerprint: "print",
  keptUntil: Date.now() + 60_000,
  keepMs: 1000,
  head: {},
  parts: 0,
  ...changes,
});
const open = (changes: Partial<StoredRun> = {}) =>
  run({ state: "open", lease: { name: "user-1", key: "lease-1", charge: CHARGE }, ...changes });

/** The object after a restart: with these values on its disk, and a reservation under `lease-1`. */
function restarted(values: Record<string, unknown>) {
  const disk = createMapStorage(Object.entries(values));
  const quota = createNamespace(NOON);
  quota.book.limits = { windows: [tokensADay(1000)], concurrent: 1 };
  quota.book.reserve("lease-1", { input: 50, output: 50, requests: 1 });
  const store = openRunStore(disk.storage, null);
  const env = { ...quota.env, CATALOG: { get: async () => null } } as unknown as Bindings;
  return { disk, quota, store, context: { env, store, waitUntil: () => undefined } };
}

describe("the stored runs of a user", () => {
  it("are 64 at most: a new one replaces the ended one that expires first, also after a restart", () => {
    const kept = Array.from({ length: 64 }, (_, at) => [`run:${at}`, run({ keptUntil: Date.now() + 90_000 - at })]);
    const { disk, store } = restarted({
      ...Object.fromEntries(kept),
      "run:63": open({ keptUntil: Date.now() + 1000 }),
      "run:61": open({ state: "ended", keptUntil: Date.now() + 1000 }),
      "part:62:0": Uint8Array.of(1),
      "part:6:0": Uint8Array.of(1),
    });
    store.save("new", open());
    store.save("new", open());
    expect([store.entries.size, disk.values.has("run:62")]).toEqual([64, false]);
    // Runs that are not settled stay.
    expect([disk.values.has("run:61"), disk.values.has("run:63")]).toEqual([true, true]);
    // The parts of a run whose id starts alike stay.
    expect([disk.values.has("part:62:0"), disk.values.has("part:6:0")]).toEqual([false, true]);
  });

  it("set an alarm only when none comes soon enough", () => {
    const { disk, store } = restarted({});
    const at = Date.now();
    for (const [id, keptUntil, alarm] of [
      ["one", at + 5000, at + 5000],
      ["two", at + 9000, at + 5000],
      ["one", at + 1000, at + 5000],
      ["three", at + 4000, at + 4000],
    ] as const) {
      store.save(id, run({ keptUntil }));
      expect(disk.alarm.at).toBe(alarm);
    }
  });

  it("have no content after it was deleted, and their key stays used", () => {
    const rest = Uint8Array.of(1, 2);
    const { disk, store } = restarted({ "run:one": run({ parts: 1, rest }), "part:one:0": rest });
    store.forget("one", run({ parts: 1, rest, head: { "weir-model": "swift-1" } }));
    expect([...disk.values]).toMatchObject([["run:one", { state: "forgotten", parts: 0, head: {} }]]);
    expect(store.contentOf("one", store.load("one") ?? run())).toEqual([]);
  });
});

describe("a run whose object was restarted", () => {
  it("is charged what its last flush stored, once, and is kept as interrupted", async () => {
    const { store, quota, context } = restarted({ "run:one": open({ keptUntil: Date.now() + 600_000 }) });
    await Promise.all([settleStored(context, "one"), settleStored(context, "one")]);
    await settleStored(context, "one");
    expect(store.load("one")).toMatchObject({ state: "ended", isInterrupted: true });
    expect(store.load("one")?.lease).toBeUndefined();
    expect(store.load("one")?.keptUntil).toBeLessThanOrEqual(Date.now() + 1000);
    quota.book.limits = { windows: [tokensADay(1000)], concurrent: 1 };
    expect(quota.book.tokens()).toEqual({ used: 70, reserved: 0, left: 930 });
  });

  it("stays open when the quota cannot be reached, so that a later call settles it", async () => {
    const { store, quota, context } = restarted({ "run:one": open() });
    quota.failures.push(new Error("the object is out"));
    expect((await refusalOf(() => settleStored(context, "one"))).body.code).toBe("quota_unavailable");
    expect(store.load("one")?.state).toBe("open");
    await settleStored(context, "one");
    expect(store.load("one")?.state).toBe("ended");
  });

  it("is not restored by a call that was settling it while another one deleted its content", async () => {
    const { store, context } = restarted({ "run:one": open({ rest: Uint8Array.of(1) }) });
    const settling = settleStored(context, "one");
    store.forget("one", run({ keptUntil: store.load("one")?.keptUntil ?? 0 }));
    await settling;
    expect(store.load("one")).toMatchObject({ state: "forgotten" });
    expect(store.load("one")?.rest).toBeUndefined();
  });
});

const never = () => false;

describe("the alarm", () => {
  const OVERDUE = Date.now() - 1;

  it("settles and deletes what is no longer kept, and everything when nothing is left", async () => {
    const { disk, quota, context } = restarted({
      "run:one": open({ keptUntil: OVERDUE }),
      "run:two": run({ keptUntil: OVERDUE, parts: 1 }),
      "part:two:0": Uint8Array.of(1),
      // A run of a later version of Weir, after a deployment was rolled back.
      "run:three": { v: 2, state: "open" },
    });
    await endOverdue(context, never);
    expect(quota.book.ledger.leases).toEqual({});
    expect([disk.values.size, disk.alarm.at]).toEqual([0, null]);
  });

  it("comes again for the next run, and in a minute for one that could not be settled or is live", async () => {
    const later = Date.now() + 600_000;
    const next = restarted({ "run:one": run({ keptUntil: OVERDUE }), "run:two": run({ keptUntil: later }) });
    await endOverdue(next.context, never);
    expect([[...next.disk.values.keys()], next.disk.alarm.at]).toEqual([["run:two"], later]);

    const logged = vi.spyOn(console, "error").mockImplementation(() => undefined);
    for (const isLive of [false, true]) {
      const { disk, quota, context } = restarted({ "run:one": open({ keptUntil: OVERDUE }) });
      quota.failures.push(new Error("the object is out"));
      await endOverdue(context, () => isLive);
      expect([...disk.values.keys()]).toEqual(["run:one"]);
      expect(disk.alarm.at).toBeGreaterThan(Date.now() + 50_000);
    }
    logged.mockRestore();
  });

  it("does not delete a run that started under the same key while the earlier one was settled", async () => {
    const { store, context } = restarted({ "run:one": open({ keptUntil: OVERDUE }) });
    const started = { isLive: false };
    const alarm = endOverdue(context, () => started.isLive);
    store.save("one", open({ fingerprint: "new" }));
    started.isLive = true;
    await alarm;
    expect(store.load("one")).toMatchObject({ state: "open", fingerprint: "new" });
  });
});
