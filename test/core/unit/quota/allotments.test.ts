// Allotments of the budget: most requests need no call to its object, and all together never spend more than it allows.

import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { refusalOf } from "../../../support/refusals.ts";
import { createDeployment, LEASE_MS, NOON } from "../../support/deployment.ts";

/** 100 bytes of input, 16 of the template and 100 of output, at one dollar per million tokens. */
const BOUND = 216_000;
const FIRST_BOUNDS = 4;
const USED_MS = 10_000;
const dollars = (nanoUsd: number) => [{ unit: "usd", per: "day", limit: nanoUsd / 1e9 }];
const charge = (nanoUsd: number) => ({ tokens: 1, requests: 1, nanoUsd });
const roomy = { windows: dollars(1e12) };
const withBudget = (nanoUsd: number) => createDeployment({ budget: dollars(nanoUsd), plan: roomy });
type Deployment = ReturnType<typeof withBudget>;

const chat = async (deployment: Deployment, nanoUsd: number, isolate = 0) =>
  (await deployment.enter("alice", 100, { isolate })).lease.settle(charge(nanoUsd));
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"], now: NOON }));
afterEach(() => void vi.useRealTimers());

describe("an allotment", () => {
  it("serves many requests with two calls, and is charged what they cost together", async () => {
    const deployment = withBudget(1e12);
    for (let count = 1; count <= 20; count++) await chat(deployment, 1000 * count);
    expect(deployment.counters("budget")).toEqual({ calls: 1, writes: 1 });
    expect(deployment.budget()).toEqual({ used: 0, reserved: FIRST_BOUNDS * BOUND });
    await deployment.quiet();
    expect(deployment.counters("budget")).toEqual({ calls: 2, writes: 2 });
    expect(deployment.budget()).toEqual({ used: 210_000, reserved: 0 });
    expect(deployment.users()).toEqual(deployment.budget());
  });

  it("grows with its use, up to 64 bounds", async () => {
    const deployment = withBudget(1e12);
    const reserved: number[] = [];
    for (let round = 0; round < 7; round++) {
      for (let count = 0; count < 50; count++) await chat(deployment, 0);
      reserved.push(deployment.budget().reserved / BOUND);
      await deployment.quiet();
    }
    expect(reserved).toEqual([4, 64, 64, 64, 64, 64, 64]);
  });

  it("ends when nothing was drawn for a second, or after ten seconds", async () => {
    const deployment = withBudget(1e12);
    await chat(deployment, 5);
    await pass(999);
    expect(deployment.budget().used).toBe(0);
    await pass(1);
    expect(deployment.budget()).toEqual({ used: 5, reserved: 0 });

    for (let tenths = 0; tenths < 100; tenths++) {
      await chat(deployment, 1);
      await pass(100);
    }
    expect(deployment.budget()).toEqual({ used: 105, reserved: 0 });
    expect(deployment.counters("budget").calls).toBe(4);
  });

  it("ends at midnight, so that it is charged to the day of its requests", async () => {
    vi.setSystemTime(Date.UTC(2026, 10, 23, 23, 59, 58));
    const deployment = withBudget(1e12);
    await chat(deployment, 5);
    const running = await deployment.enter("alice");
    await pass(2000);
    await chat(deployment, 7);
    await running.lease.settle(charge(9));
    await deployment.quiet();
    expect(deployment.budget()).toEqual({ used: 7, reserved: 0 });
  });

  it("keeps only what its running requests may need after its use, and is settled by the last of them", async () => {
    const deployment = withBudget(1e12);
    const long = await deployment.enter("alice");
    await chat(deployment, 1000);
    await pass(USED_MS);
    expect(deployment.budget()).toEqual({ used: 0, reserved: BOUND + 1000 });
    await chat(deployment, 30);
    await deployment.quiet();
    expect(deployment.budget()).toEqual({ used: 30, reserved: BOUND + 1000 });
    await long.lease.settle(charge(200));
    await deployment.quiet();
    expect(deployment.budget()).toEqual({ used: 1230, reserved: 0 });
  });

  it("of an isolate that is lost expires and is charged in full", async () => {
    const deployment = withBudget(1e12);
    deployment.hooks.before = (_name, method) => {
      if (method === "settle") throw new Error("the isolate is lost");
    };
    await chat(deployment, 5);
    await deployment.quiet();
    vi.setSystemTime(NOON + LEASE_MS + USED_MS - 1);
    expect(deployment.budget()).toEqual({ used: 0, reserved: FIRST_BOUNDS * BOUND });
    vi.setSystemTime(NOON + LEASE_MS + USED_MS);
    expect(deployment.budget()).toEqual({ used: FIRST_BOUNDS * BOUND, reserved: 0 });
  });

  it("is corrected when its last request settles after it expired", async () => {
    const deployment = withBudget(1e12);
    const long = await deployment.enter("alice");
    await pass(USED_MS);
    vi.setSystemTime(NOON + LEASE_MS + USED_MS);
    expect(deployment.budget()).toEqual({ used: BOUND, reserved: 0 });
    await long.lease.settle(charge(200));
    await deployment.quiet();
    expect(deployment.budget()).toEqual({ used: 200, reserved: 0 });
  });

  it("is not used for background work, which another isolate may settle", async () => {
    const deployment = withBudget(1e12);
    await chat(deployment, 5);
    const { lease } = await deployment.enter("alice", 100, { remains: "work" });
    expect(deployment.budget().reserved).toBe((FIRST_BOUNDS + 1) * BOUND);
    await lease.settle(charge(7));
    await deployment.quiet();
    expect(deployment.budget()).toEqual({ used: 12, reserved: 0 });
  });

  it("takes back what a refused user drew", async () => {
    const deployment = createDeployment({ budget: dollars(1e12), plan: { windows: dollars(BOUND) } });
    await deployment.enter("alice");
    for (let count = 0; count < 10; count++) await refusalOf(() => deployment.enter("alice"));
    expect(deployment.counters("budget").calls).toBe(1);
    await pass(USED_MS);
    expect(deployment.budget()).toEqual({ used: 0, reserved: BOUND });
  });

  it("holds what the user was granted, when that is less than the bound", async () => {
    const deployment = createDeployment({ budget: dollars(1e12), plan: { windows: dollars(2 * BOUND - 50_000) } });
    await deployment.enter("alice");
    expect((await deployment.enter("alice")).lease.granted).toBe(50);
    await pass(USED_MS);
    expect(deployment.budget().reserved).toBe(2 * BOUND - 50_000);
  });

  it("is asked for by one request at a time", async () => {
    const deployment = withBudget(1e12);
    const all = Promise.withResolvers<void>();
    deployment.hooks.before = () => {
      if (deployment.counters("budget").calls === 10) all.resolve();
      return all.promise;
    };
    const entries = await Promise.all(Array.from({ length: 10 }, () => deployment.enter("alice")));
    expect(deployment.budget().reserved).toBe((FIRST_BOUNDS + 9) * BOUND);
    for (const { lease } of entries) await lease.settle(charge(1));
    await deployment.quiet();
    expect(deployment.budget()).toEqual({ used: 10, reserved: 0 });
  });
});

describe("the size of an allotment", () => {
  it("is zero when the budget is nearly used up, or small", async () => {
    for (const [limit, used] of [
      [100 * BOUND, 0],
      [1000 * BOUND, 899 * BOUND],
    ] as const) {
      const deployment = withBudget(limit);
      const earlier = Array.from({ length: used / BOUND }, () => deployment.enter("alice", 100, { remains: "work" }));
      await Promise.all(earlier);
      for (let count = 0; count < 5; count++) await deployment.enter("alice");
      expect(deployment.budget().reserved).toBe(used + 5 * BOUND);
    }
  });

  it("is at most a hundredth of the limit", async () => {
    const deployment = withBudget(300 * BOUND);
    await chat(deployment, 0);
    expect(deployment.budget().reserved).toBe(3 * BOUND);
  });
});

describe("the budget is never exceeded", () => {
  it("by a catalog with a lower limit, which draws nothing from the allotments of the one before", async () => {
    const deployment = withBudget(1e12);
    await chat(deployment, 5);
    deployment.setBudget(1, dollars(BOUND));
    const error = await refusalOf(() => deployment.enter("alice", 100, { isolate: 1 }));
    expect(error.body.code).toBe("budget_exhausted");
    await deployment.quiet();
    expect(deployment.budget()).toEqual({ used: 5, reserved: 0 });
  });

  it("by any number of isolates, lost ones, failed objects and late requests included", async () => {
    const limit = 1500 * BOUND;
    const isolates = fc.integer({ min: 0, max: 3 });
    const step = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          kind: fc.constant("enter" as const),
          isolate: isolates,
          burst: fc.integer({ min: 1, max: 60 }),
        }),
      },
      {
        weight: 6,
        arbitrary: fc.record({
          kind: fc.constant("settle" as const),
          nanoUsd: fc.integer({ min: 0, max: BOUND }),
          count: fc.integer({ min: 1, max: 60 }),
        }),
      },
      {
        weight: 2,
        arbitrary: fc.record({
          kind: fc.constant("pass" as const),
          ms: fc.constantFrom(10, 999, 4000, 11_000, LEASE_MS + 1),
        }),
      },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("lose" as const), isolate: isolates }) },
      {
        weight: 4,
        arbitrary: fc.record({
          kind: fc.constant("fail" as const),
          isolate: isolates,
          fails: fc.constantFrom("user" as const, "budget" as const),
          hook: fc.constantFrom("before" as const, "after" as const),
        }),
      },
    );
    const property = fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      vi.setSystemTime(NOON);
      const deployment = withBudget(limit);
      let [spent, copies] = [0, 4];
      const copyOf = [0, 1, 2, 3];
      let running: { lease: { settle(cost: ReturnType<typeof charge>): Promise<unknown> } }[] = [];
      const check = () => {
        const { used, reserved } = deployment.budget();
        expect(used + reserved).toBeLessThanOrEqual(limit);
        expect(used + reserved).toBeGreaterThanOrEqual(spent);
        // Whatever runs may still cost its bound.
        if (Date.now() < NOON + LEASE_MS)
          expect(used + reserved).toBeGreaterThanOrEqual(spent + running.length * BOUND);
      };
      for (const each of steps) {
        if (each.kind === "enter") {
          const isolate = copyOf[each.isolate] ?? 0;
          const entries = Array.from({ length: each.burst }, () => deployment.enter("alice", 100, { isolate }));
          for (const entry of await Promise.allSettled(entries)) {
            if (entry.status === "fulfilled") running.push(entry.value);
          }
        } else if (each.kind === "settle") {
          for (const { lease } of running.splice(0, each.count)) {
            await lease.settle(charge(each.nanoUsd));
            spent += each.nanoUsd;
          }
        } else if (each.kind === "pass") await pass(each.ms);
        else if (each.kind === "fail") {
          deployment.hooks[each.hook] = async (name, method) => {
            if (method !== "reserve") return;
            if ((name === "budget") === (each.fails === "budget")) throw new Error("the object was reset");
            await scheduler.wait(50);
          };
          const entering = Promise.allSettled([deployment.enter("alice", 100, { isolate: copyOf[each.isolate] ?? 0 })]);
          await pass(100);
          // A request that draws from an allotment needs no answer of the budget's object.
          const [entry] = await entering;
          if (entry?.status === "fulfilled") running.push(entry.value);
          delete deployment.hooks[each.hook];
        }
        // A lost isolate settles nothing. Another copy of the catalog takes its place.
        else copyOf[each.isolate] = copies++;
        check();
      }
      for (const { lease } of running) await lease.settle(charge(1));
      spent += running.length;
      running = [];
      await deployment.quiet();
      check();
      expect(deployment.budget()).toEqual({ used: spent, reserved: 0 });
    });
    await fc.assert(property, { numRuns: 60 });
  }, 60_000);
});
