// From a demand to a lease: what is reserved under which plan, when the provider is asked to count, and what is refused.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createVisitor } from "../../support/admissions.ts";
import { runtimeError, skipPauses } from "../../support/quota-namespace.ts";
import { refusalOf } from "../../../support/refusals.ts";

const TEMPLATE_TOKENS = 16;

/** Failures for more calls than any request makes. */
const unreachable = () => Array.from({ length: 9 }, () => runtimeError());

const logged = vi.fn<(line: string) => void>();
beforeEach(() => {
  skipPauses();
  logged.mockReset();
  vi.spyOn(console, "error").mockImplementation(logged);
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe("a request that fits", () => {
  it("is admitted with its bound reserved, in one call, without a count", async () => {
    const visitor = createVisitor();
    const lease = await visitor.enter();
    expect(lease.granted).toBe(100);
    expect(visitor.book.tokens().reserved).toBe(100 + TEMPLATE_TOKENS + 100);
    expect(visitor.methods()).toEqual(["reserve"]);
    expect(visitor.asked()).toBe(0);
  });

  it("holds its lease for the longest answer and some more", async () => {
    const visitor = createVisitor();
    await visitor.enter();
    visitor.book.now += 690_000 - 1;
    expect(visitor.book.tokens().used).toBe(0);
    visitor.book.now += 1;
    expect(visitor.book.tokens().used).toBe(216);
  });

  it("is granted the output that fits, for each of its choices", async () => {
    const visitor = createVisitor({ demand: { inputBytes: 500, choices: 4, maxOutputTokens: 90 } });
    expect((await visitor.enter()).granted).toBe(90);
    expect(visitor.book.tokens().reserved).toBe(516 + 4 * 90);
  });

  it("is under the default plan when its token claims one that there is not", async () => {
    const visitor = createVisitor({ claims: "platinum" });
    expect((await visitor.enter()).view.windows).toMatchObject([{ unit: "tokens", limit: 1000 }]);
  });

  it("is reserved once even when the answer of its reservation was lost", async () => {
    const visitor = createVisitor({ failures: [runtimeError({ retryable: true })] });
    await visitor.enter();
    expect(visitor.methods()).toEqual(["reserve", "reserve"]);
    expect(visitor.book.tokens().reserved).toBe(216);
  });
});

describe("a request whose bound does not fit", () => {
  // 5000 bytes are at least 39 tokens.
  const long = { inputBytes: 5000 };

  it("is counted, once, and let in with what was counted", async () => {
    const visitor = createVisitor({ demand: long, counted: 300 });
    expect((await visitor.enter()).granted).toBe(100);
    expect(visitor.asked()).toBe(1);
    expect(visitor.methods()).toEqual(["reserve", "reserve"]);
    expect(visitor.book.tokens().reserved).toBe(300 + TEMPLATE_TOKENS + 100);
  });

  it("is counted with its images, which are not added a second time", async () => {
    const visitor = createVisitor({ demand: { inputBytes: 100, images: 9 }, counted: 700 });
    await visitor.enter();
    expect(visitor.book.tokens().reserved).toBe(700 + TEMPLATE_TOKENS + 100);
  });

  it("is a 429 when the provider does not count", async () => {
    const visitor = createVisitor({ demand: long, counted: undefined });
    expect(await refusalOf(() => visitor.enter())).toMatchObject({ status: 429, body: { code: "insufficient_quota" } });
    expect(visitor.asked()).toBe(1);
    expect(visitor.methods()).toEqual(["reserve"]);
  });

  it("is a 429 when what was counted does not fit either, and is not counted again", async () => {
    const visitor = createVisitor({ demand: long, counted: 900 });
    const error = await refusalOf(() => visitor.enter());
    expect(error.status).toBe(429);
    expect(error.body.message).toContain("1016 tokens");
    expect(visitor.asked()).toBe(1);
    expect(visitor.book.tokens()).toEqual({ used: 0, reserved: 0, left: 1000 });
  });

  it.each([
    // The output needs 100 tokens and the template 16, so that 884 are left for the input: 113,152 bytes and a few.
    [113_279, 1],
    [113_280, 0],
  ])("of %i bytes is counted only if the fewest tokens that they can be would fit", async (inputBytes, times) => {
    const visitor = createVisitor({ demand: { inputBytes }, counted: undefined });
    expect((await refusalOf(() => visitor.enter())).status).toBe(429);
    expect(visitor.asked()).toBe(times);
  });

  it("is counted where money does not fit", async () => {
    const visitor = createVisitor({ claims: "money", model: "thinker", demand: long, counted: 300 });
    await visitor.enter();
    expect(visitor.asked()).toBe(1);
    expect(visitor.book.use("usd").reserved).toBe((300 + TEMPLATE_TOKENS + 100) * 1000);
  });

  it("is not counted where another window has no room even for the fewest tokens", async () => {
    const visitor = createVisitor({ claims: "both", demand: long, counted: 1 });
    const error = await refusalOf(() => visitor.enter());
    expect(error.status).toBe(429);
    expect(visitor.asked()).toBe(0);
  });

  it("is not counted where it is one request too many as well", async () => {
    const visitor = createVisitor({ claims: "few", counted: 1 });
    await (await visitor.enter()).settle({ tokens: 1, requests: 1, usd: 0 });
    expect((await refusalOf(() => visitor.enter(long))).status).toBe(429);
    expect(visitor.asked()).toBe(0);
  });

  it("is not told that it never fits while its fewest tokens would", async () => {
    const visitor = createVisitor({ demand: long, counted: undefined });
    expect((await refusalOf(() => visitor.enter())).body.message).not.toContain("never");
  });

  it("is not counted where too many run at once", async () => {
    const visitor = createVisitor({ counted: 1 });
    for (let count = 0; count < 3; count++) await visitor.enter();
    expect((await refusalOf(() => visitor.enter(long))).body.message).toContain("at once");
    expect(visitor.asked()).toBe(0);
  });
});

describe("a model that the plan does not include", () => {
  it("is a 403 that names those that it has, and nothing is reserved or counted", async () => {
    const visitor = createVisitor({ claims: "thrifty", model: "thinker" });
    const error = await refusalOf(() => visitor.enter());
    expect(error).toMatchObject({ status: 403, body: { code: "model_not_allowed", param: "model" } });
    expect(error.body.message).toBe("Your plan does not include the model 'thinker'. It includes: default, swift.");
    expect(visitor.methods()).toEqual(["view"]);
    expect(visitor.asked()).toBe(0);
  });

  it.each(["default", "swift-1"])("is not one that it has by another name: %s", async (model) => {
    const visitor = createVisitor({ claims: "thrifty", model });
    expect((await visitor.enter()).granted).toBe(100);
  });

  it("is let in when the plan that is stored with the user has it", async () => {
    const visitor = createVisitor({ claims: "thrifty", model: "thinker" });
    visitor.change({ kind: "plan", plan: "free" });
    expect((await visitor.enter()).granted).toBe(100);
    expect(visitor.methods()).toEqual(["view", "reserve"]);
  });

  it("is refused when the plan that is stored with the user does not have it, whatever the token claims", async () => {
    const visitor = createVisitor({ claims: "free", model: "thinker" });
    visitor.change({ kind: "plan", plan: "thrifty" });
    expect((await refusalOf(() => visitor.enter())).body.code).toBe("model_not_allowed");
    expect(visitor.book.view().leases.running).toBe(0);
  });

  it("is not told to a blocked user", async () => {
    const visitor = createVisitor({ claims: "thrifty", model: "thinker" });
    visitor.change({ kind: "block" });
    expect((await refusalOf(() => visitor.enter())).body.code).toBe("user_blocked");
  });
});

describe("an operator's change", () => {
  it("of the plan holds for the next request, with its own windows", async () => {
    const visitor = createVisitor({ claims: "free" });
    visitor.change({ kind: "plan", plan: "money" });
    expect((await visitor.enter()).view.windows).toMatchObject([{ unit: "usd", limit: 1_000_000 }]);
    await visitor.enter();
    // The isolate has learned it: the second request asks once.
    expect(visitor.methods()).toEqual(["reserve", "reserve", "reserve"]);
  });

  it("that blocks is a 403, and one that revokes a 401", async () => {
    const [blocked, revoked] = [createVisitor(), createVisitor()];
    blocked.change({ kind: "block" });
    revoked.change({ kind: "revoke", before: Date.UTC(2030, 0) });
    expect(await refusalOf(() => blocked.enter())).toMatchObject({ status: 403, body: { code: "user_blocked" } });
    expect(await refusalOf(() => revoked.enter())).toMatchObject({ status: 401, body: { code: "invalid_api_key" } });
  });
});

describe("a quota that cannot be reached", () => {
  it.each([undefined, "false", "1", "TRUE", ""])("is a 503 unless the deployment fails open: %s", async (failOpen) => {
    const visitor = createVisitor({ failures: unreachable(), ...(failOpen === undefined ? {} : { failOpen }) });
    const error = await refusalOf(() => visitor.enter());
    expect(error).toMatchObject({ status: 503, body: { code: "quota_unavailable" } });
    expect(logged).not.toHaveBeenCalled();
  });

  it("gives back a reservation that was made though its answer was lost", async () => {
    const visitor = createVisitor({ failures: [runtimeError({ late: true })] });
    expect((await refusalOf(() => visitor.enter())).status).toBe(503);
    await visitor.done();
    expect(visitor.methods()).toEqual(["reserve", "giveBack"]);
    expect(visitor.book.view().leases.running).toBe(0);
    expect(visitor.book.ledger.used["tokens/day"]).toMatchObject({ amount: 0 });
  });

  it("fails open where the deployment says so: bounded by the plan, uncharged, and logged", async () => {
    const visitor = createVisitor({ failures: unreachable(), failOpen: "true", demand: { maxOutputTokens: 70 } });
    const lease = await visitor.enter();
    expect(lease.granted).toBe(70);
    expect((await visitor.enter({ maxOutputTokens: 90_000 })).granted).toBe(100);
    await visitor.done();
    const before = visitor.calls.length;
    expect(await lease.settle({ tokens: 1, requests: 1, usd: 1 })).toBeUndefined();
    expect(visitor.calls).toHaveLength(before);
    expect(JSON.parse(logged.mock.calls[0]?.[0] ?? "")).toMatchObject({ event: "quota_failed_open" });
  });

  it("does not open a model that the plan does not include", async () => {
    const situation = { claims: "thrifty", model: "thinker", failures: unreachable(), failOpen: "true" };
    const { status } = await refusalOf(() => createVisitor(situation).enter());
    expect([403, 503]).toContain(status);
  });

  it("is not confused with a refusal", async () => {
    const [full, blocked] = [
      createVisitor({ failOpen: "true", demand: { inputBytes: 900_000 } }),
      createVisitor({ failOpen: "true" }),
    ];
    expect((await refusalOf(() => full.enter())).status).toBe(429);
    blocked.change({ kind: "block" });
    expect((await refusalOf(() => blocked.enter())).status).toBe(403);
  });
});
