// The budget of a deployment: all users together never spend more than it allows, and it costs no second round trip.

import * as fc from "fast-check";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { refusalOf } from "../../../support/refusals.ts";
import { watchLog } from "../../../support/log-lines.ts";
import { createDeployment, LEASE_MS, NOON } from "../../support/deployment.ts";

/** 100 bytes of input, 16 of the template and 100 of output, at one dollar per million tokens. */
const BOUND_NANO_USD = 216_000;
const MIDNIGHT = Date.UTC(2026, 10, 24);
const dollars = (nanoUsd: number) => [{ unit: "usd", per: "day", limit: nanoUsd / 1e9 }];
const roomy = { windows: dollars(1e9) };
const charge = (nanoUsd: number) => ({ tokens: 1, requests: 1, nanoUsd });

// Refusals are remembered for a minute, so each test has ten minutes of its own.
let test = 0;
beforeEach(() => {
  test += 1;
  vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"], now: NOON + test * 600_000 });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

it("a thousand free accounts together cannot spend more than the budget", async () => {
  const deployment = createDeployment({ budget: dollars(10 * BOUND_NANO_USD), plan: roomy });
  const entries = await Promise.allSettled(
    Array.from({ length: 1000 }, (_, index) => deployment.enter(`user-${index}`)),
  );
  const granted = entries.flatMap((entry) => (entry.status === "fulfilled" ? [entry.value] : []));
  expect(granted).toHaveLength(10);
  for (const { lease } of granted) await lease.settle(charge(1e9));
  await deployment.quiet();
  expect(deployment.budget()).toEqual({ used: 10 * BOUND_NANO_USD, reserved: 0 });
  expect(deployment.users()).toEqual(deployment.budget());
});

it("the budget is asked while the user's object is asked, not after it", async () => {
  const deployment = createDeployment({ budget: dollars(1e9), plan: roomy });
  const both = Promise.withResolvers<void>();
  const asked = new Set<string>();
  deployment.hooks.before = (name) => {
    asked.add(name);
    if (asked.size === 2) both.resolve();
    return both.promise;
  };
  expect((await deployment.enter("alice")).lease.granted).toBe(100);
});

it("a used up budget is a 503 with its own code, a time to wait, and one log line for the operator", async () => {
  const deployment = createDeployment({ budget: dollars(BOUND_NANO_USD), plan: roomy });
  await (await deployment.enter("alice")).lease.settle(charge(BOUND_NANO_USD));
  await deployment.quiet();
  const logged = watchLog();
  for (const subject of ["alice", "bob", "bob"]) {
    const error = await refusalOf(() => deployment.enter(subject));
    expect(error).toMatchObject({ status: 503, body: { code: "budget_exhausted", type: "server_error" } });
    expect(error.headers).toEqual({ "retry-after": String((MIDNIGHT - Date.now()) / 1000), "x-should-retry": "false" });
  }
  expect(logged("budget_exhausted")).toMatchObject([{ window: "usd/day", limit: 0.000216, used: 0.000216 }]);
  await deployment.quiet();
  expect(deployment.users()).toEqual({ used: BOUND_NANO_USD, reserved: 0 });
});

it("a budget that running requests hold can be tried again after a second", async () => {
  const deployment = createDeployment({ budget: dollars(BOUND_NANO_USD), plan: roomy });
  await deployment.enter("alice");
  const error = await refusalOf(() => deployment.enter("bob"));
  expect([error.body.code, error.headers]).toEqual(["budget_exhausted", { "retry-after": "1" }]);
});

it("a user who is refused gives the share of the budget back, and writes nothing in it when refused again", async () => {
  const deployment = createDeployment({ budget: dollars(1e9), plan: { windows: dollars(BOUND_NANO_USD) } });
  await (await deployment.enter("alice")).lease.settle(charge(BOUND_NANO_USD));
  await deployment.quiet();
  expect((await refusalOf(() => deployment.enter("alice"))).body.code).toBe("insufficient_quota");
  await deployment.quiet();
  expect(deployment.budget()).toEqual({ used: BOUND_NANO_USD, reserved: 0 });
  const before = deployment.counters("budget");
  for (let count = 0; count < 10; count++) await refusalOf(() => deployment.enter("alice"));
  await deployment.quiet();
  expect(deployment.counters("budget")).toEqual(before);
});

it("while the budget is used up, its refusals write nothing in the objects of users", async () => {
  const deployment = createDeployment({ budget: dollars(0), plan: roomy });
  for (const subject of ["alice", "alice", "bob"]) await refusalOf(() => deployment.enter(subject));
  await deployment.quiet();
  expect(deployment.names().filter((name) => name !== "budget")).toHaveLength(1);
  expect(deployment.counters("budget").writes).toBe(0);
});

it("what a request costs beyond its bound counts for the user and in the budget, drawn or reserved", async () => {
  for (const entry of [{}, { remains: "work" as const }]) {
    const deployment = createDeployment({ budget: dollars(1e9), plan: roomy });
    const { lease } = await deployment.enter("alice", 100, entry);
    await lease.settle(charge(1e12), { tokens: 0, requests: 0, nanoUsd: 70_000 });
    await deployment.quiet();
    expect(deployment.users()).toEqual({ used: BOUND_NANO_USD + 70_000, reserved: 0 });
    vi.setSystemTime(Date.now() + LEASE_MS + 1);
    expect(deployment.budget()).toEqual(deployment.users());
  }
});

it("without a budget no other object is asked", async () => {
  const deployment = createDeployment({ plan: roomy });
  await (await deployment.enter("alice")).lease.settle(charge(5));
  await deployment.quiet();
  expect(deployment.names()).toHaveLength(1);
});

it("a reservation whose result was lost is given back in both objects", async () => {
  for (const lost of ["budget", "user"]) {
    const deployment = createDeployment({ budget: dollars(1e9), plan: roomy });
    deployment.hooks.before = (name, method) => {
      const isLost = (name === "budget") === (lost === "budget") && method === "reserve";
      if (isLost) throw new Error("the object was reset");
    };
    expect((await refusalOf(() => deployment.enter("alice"))).body.code).toBe("quota_unavailable");
    await deployment.quiet();
    expect([deployment.budget(), deployment.users()]).toEqual([
      { used: 0, reserved: 0 },
      { used: 0, reserved: 0 },
    ]);
    delete deployment.hooks.before;
    await (await deployment.enter("alice")).lease.settle(charge(1000));
    await deployment.quiet();
    expect(deployment.budget()).toEqual({ used: 1000, reserved: 0 });
    expect(deployment.users()).toEqual(deployment.budget());
  }
});

it("a failed request whose answer from the budget is late leaves nothing that the budget does not count", async () => {
  const deployment = createDeployment({ budget: dollars(1e12), plan: roomy });
  deployment.hooks.after = async (name, method) => {
    if (method !== "reserve") return;
    await scheduler.wait(name === "budget" ? 50 : 10);
    if (name !== "budget") throw new Error("the object was reset");
  };
  const refused = refusalOf(() => deployment.enter("alice"));
  await vi.advanceTimersByTimeAsync(100);
  expect((await refused).body.code).toBe("quota_unavailable");
  delete deployment.hooks.after;
  for (let count = 0; count < 3; count++) await (await deployment.enter("alice")).lease.settle(charge(1000));
  await deployment.quiet();
  expect(deployment.budget()).toEqual({ used: 3000, reserved: 0 });
  expect(deployment.users()).toEqual(deployment.budget());
});

it("the sum of what users are charged is what the budget counts, and never above it", async () => {
  const limit = 4 * BOUND_NANO_USD;
  const request = fc.record({
    subject: fc.constantFrom("alice", "bob", "carol"),
    inputBytes: fc.integer({ min: 1, max: 300 }),
    /** Nano-dollars; undefined for a settlement that never comes. */
    cost: fc.option(fc.integer({ min: 0, max: 2 * BOUND_NANO_USD }), { nil: undefined }),
    runs: fc.integer({ min: 0, max: 3 }),
  });
  const property = fc.asyncProperty(fc.array(request, { maxLength: 12 }), async (requests) => {
    const deployment = createDeployment({ budget: dollars(limit), plan: { windows: dollars(2 * BOUND_NANO_USD) } });
    const ends: { at: number; end: () => Promise<unknown> }[] = [];
    for (const [index, { subject, inputBytes, cost, runs }] of requests.entries()) {
      for (const { end } of ends.filter(({ at }) => at === index)) await end();
      const admitted = await deployment.enter(subject, inputBytes).catch(() => undefined);
      const end = async () => cost !== undefined && admitted?.lease.settle(charge(cost));
      ends.push({ at: index + 1 + runs, end });
      const { used, reserved } = deployment.budget();
      expect(used + reserved).toBeLessThanOrEqual(limit);
    }
    for (const { end } of ends.filter(({ at }) => at >= requests.length)) await end();
    await deployment.quiet();
    const settled = deployment.users();
    expect(deployment.budget().used).toBe(settled.used);
    vi.setSystemTime(Date.now() + LEASE_MS + 1);
    // The budget may have granted less output than the user's plan.
    expect(deployment.budget().used).toBeLessThanOrEqual(Math.min(limit, deployment.users().used));
    expect(deployment.budget().reserved).toBe(0);
  });
  await fc.assert(property, { numRuns: 200 });
});
