// Calls to a user's quota object: retried where the runtime allows it, on a fresh stub, for a limited time.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ApiError } from "../../../../src/core/errors.ts";
import { callQuota } from "../../../../src/core/quota/client.ts";
import type { Bindings } from "../../../../src/core/env.ts";
import { createLease } from "../../../../src/core/quota/lease.ts";
import type { Limits } from "../../../../src/core/quota/view.ts";
import type { Failure } from "../../support/quota-namespace.ts";
import { createNamespace, runtimeError, skipPauses } from "../../support/quota-namespace.ts";
import { refusalOf } from "../../../support/refusals.ts";

const NOON = Date.UTC(2026, 10, 23, 12);
const LIMITS: Limits = { windows: [{ unit: "tokens", per: "day", limit: 1000 }], concurrent: 2 };
const CLAIM = { plan: "free", claimed: "free", issuedAt: 0 };

afterEach(() => {
  vi.useRealTimers();
});

let timer = skipPauses();
beforeEach(() => {
  timer = skipPauses();
});

const retryable = () => runtimeError({ retryable: true });
const ask = (env: Bindings) => callQuota(env, "q1:alice", (object) => object.view(CLAIM, LIMITS));

describe("a call that fails", () => {
  it("is retried up to three times when the runtime marks it retryable, each time with a new stub", async () => {
    const { env, calls } = createNamespace(NOON, [retryable(), retryable(), retryable()]);
    expect(await ask(env)).toMatchObject({ view: { windows: [{ used: 0 }] } });
    expect(calls.map(({ stub }) => stub)).toEqual([1, 2, 3, 4]);

    const lost = createNamespace(NOON, Array.from({ length: 9 }, retryable));
    const error = await refusalOf(() => ask(lost.env));
    expect(error).toMatchObject({ status: 503, body: { code: "quota_unavailable" }, headers: { "retry-after": "1" } });
    expect(error.cause).toMatchObject({ retryable: true });
    expect(lost.calls).toHaveLength(4);
  });

  it("is retried after about 25, 100 and 400 ms, with jitter", async () => {
    const seen: number[][] = [];
    for (let round = 0; round < 20; round++) {
      timer = skipPauses();
      await refusalOf(() => ask(createNamespace(NOON, Array.from({ length: 4 }, retryable)).env));
      seen.push(timer.pauses);
    }
    for (const [first = 0, second = 0, third = 0, ...more] of seen) {
      expect(first > 12 && first <= 25).toBe(true);
      expect(second > 49 && second <= 100).toBe(true);
      expect(third > 199 && third <= 400).toBe(true);
      expect(more).toEqual([]);
    }
    expect(new Set(seen.map(([first]) => first)).size).toBeGreaterThan(1);
  });

  it.each([
    ["is overloaded", { overloaded: true }],
    ["is overloaded, and is marked retryable", { overloaded: true, retryable: true }],
    ["threw an error of its own", {}],
    ["is marked as not retryable", { retryable: false }],
  ])("because the object %s is not retried", async (_why, kind) => {
    const { env, calls } = createNamespace(NOON, [runtimeError(kind)]);
    expect(await refusalOf(() => ask(env))).toMatchObject({ status: 503, body: { code: "quota_unavailable" } });
    expect(calls).toHaveLength(1);
    expect(timer.pauses).toEqual([]);
  });

  it("because the object does not answer times out after ten seconds", async () => {
    const env = { USER_QUOTA: { getByName: () => ({ view: () => new Promise(() => undefined) }) } };
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    let refusal: ApiError | undefined;
    void refusalOf(() => ask(env as unknown as Bindings)).then((thrown) => (refusal = thrown));
    await vi.advanceTimersByTimeAsync(9999);
    expect(refusal).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    expect(refusal).toMatchObject({ status: 503, body: { code: "quota_unavailable" } });
    expect(vi.getTimerCount()).toBe(0);
  });
});

/** A lease of 400 output tokens on 100 of input, whose object fails as told from then on. */
function leased(failures: Failure[] = []) {
  const namespace = createNamespace(NOON);
  namespace.book.limits = LIMITS;
  const { view } = namespace.book.reserve("first", { input: 100, output: 400 });
  namespace.failures.push(...failures);
  const bound = { tokens: 500, requests: 1, nanoUsd: 0 };
  const lease = createLease(namespace.env, { name: "q1:alice", share: { settle: () => undefined } }, LIMITS, {
    key: "first",
    granted: 400,
    bound,
    view,
  });
  return { ...namespace, lease };
}

describe("a lease", () => {
  it("is settled by the first call only", async () => {
    const { lease, calls } = leased();
    expect(lease.granted).toBe(400);
    expect(lease.view.windows[0]).toMatchObject({ reserved: 500 });
    const views = [
      await lease.settle({ tokens: 120, requests: 1, nanoUsd: 0 }),
      await lease.settle({ tokens: 0, requests: 0, nanoUsd: 0 }),
    ];
    expect(views[0]?.windows[0]).toMatchObject({ used: 120, reserved: 0 });
    expect(views[1]).toBeUndefined();
    expect(calls).toHaveLength(1);
  });

  it("is settled once when the result of the settlement was lost", async () => {
    const { lease, book, calls } = leased([runtimeError({ retryable: true, late: true })]);
    const view = await lease.settle({ tokens: 120, requests: 1, nanoUsd: 0 });
    expect(view?.windows[0]).toMatchObject({ used: 120, reserved: 0 });
    expect(book.tokens().used).toBe(120);
    expect(calls).toHaveLength(2);
  });

  it("that cannot be settled expires, and nothing is thrown", async () => {
    const { lease, book } = leased([runtimeError()]);
    expect(await lease.settle({ tokens: 120, requests: 1, nanoUsd: 0 })).toBeUndefined();
    expect(book.tokens()).toEqual({ used: 0, reserved: 500, left: 500 });
    book.now += 600_000;
    expect(book.tokens()).toEqual({ used: 500, reserved: 0, left: 500 });
  });
});
