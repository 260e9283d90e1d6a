// Admission: reserved bound, exact counts, plans, and refusals.

import { beforeEach, describe, expect, it } from "vitest";
import { createVisitor } from "../../support/admissions.ts";
import { runtimeError, skipPauses } from "../../support/quota-namespace.ts";
import { refusalOf } from "../../../support/refusals.ts";

const TEMPLATE_TOKENS = 16;

beforeEach(() => void skipPauses());

describe("a request that fits", () => {
  it("reserves its bound in one call, without a count", async () => {
    const visitor = createVisitor();
    expect(await visitor.enter()).toMatchObject({ granted: [100], exactInput: undefined });
    expect(visitor.book.tokens().reserved).toBe(100 + TEMPLATE_TOKENS + 100);
    expect(visitor.methods()).toEqual(["reserve"]);
    expect(visitor.asked()).toBe(0);
  });

  it("holds its lease for the total deadline and the grace time", async () => {
    const visitor = createVisitor();
    await visitor.enter();
    visitor.book.now += 690_000 - 1;
    expect(visitor.book.tokens().used).toBe(0);
    visitor.book.now += 1;
    expect(visitor.book.tokens().used).toBe(216);
  });

  it("is granted the output that fits, for each of its choices", async () => {
    const visitor = createVisitor({ demand: { inputBytes: 500, choices: 4, maxOutputTokens: 90 } });
    expect((await visitor.enter()).granted).toEqual([90]);
    expect(visitor.book.tokens().reserved).toBe(516 + 4 * 90);
  });

  it("is reserved once when the result of its reservation was lost", async () => {
    const visitor = createVisitor({ failures: [runtimeError({ retryable: true, late: true })] });
    await visitor.enter();
    expect(visitor.methods()).toEqual(["reserve", "reserve"]);
    expect(visitor.book.tokens().reserved).toBe(216);
  });

  it("reserves no tokens and is not counted when it is free", async () => {
    const visitor = createVisitor({ demand: { free: true, inputBytes: 900_000 } });
    expect((await visitor.enter()).granted).toEqual([0]);
    expect([visitor.asked(), visitor.book.tokens().reserved]).toEqual([0, 0]);
    expect(visitor.book.view().leases.running).toBe(1);
  });
});

describe("a reservation for several candidates", () => {
  it("covers each of them, and grants each at most its own model's limit", async () => {
    const visitor = createVisitor({ names: ["brief-1", "deep-1", "tiny-1"], demand: { images: 1 } });
    expect((await visitor.enter()).granted).toEqual([60, 100, 5]);
    // The image of one model, and the longest answer.
    expect(visitor.book.tokens().reserved).toBe(100 + TEMPLATE_TOKENS + 300 + 100);
  });

  it("grants none of them more than fits", async () => {
    const visitor = createVisitor({ names: ["brief-1", "deep-1"], demand: { inputBytes: 954 } });
    expect((await visitor.enter()).granted).toEqual([30, 30]);
  });

  it.each([
    ["apart", ["brief-1", "deep-1"], ["brief-1"]],
    ["apart", ["deep-1", "brief-1", "tiny-1"], ["deep-1", "tiny-1"]],
    ["together", ["brief-1", "deep-1"], ["brief-1", "deep-1"]],
    ["thrifty", ["swift-1", "deep-1"], ["swift-1"]],
  ] as [string, [string, ...string[]], string[]][])(
    "under the plan '%s' keeps, of %j, those that it includes and counts in the same windows",
    async (claims, names, kept) => {
      expect((await createVisitor({ claims, names }).enter()).names).toEqual(kept);
    },
  );

  it("covers only the first after a count, because the count is of its model", async () => {
    const visitor = createVisitor({ names: ["brief-1", "deep-1"], demand: { inputBytes: 5000 }, counts: [300] });
    expect(await visitor.enter()).toMatchObject({ names: ["brief-1"], granted: [60] });
    expect(visitor.book.tokens().reserved).toBe(300 + TEMPLATE_TOKENS + 60);
  });
});

describe("a request whose bound does not fit", () => {
  // 5000 bytes are at least 39 tokens.
  const long = { inputBytes: 5000 };

  it.each([
    ["text", long, 300],
    ["images, which are not added again", { images: 9 }, 700],
  ])("is counted once and reserved by its exact count: %s", async (_what, demand, count) => {
    const visitor = createVisitor({ demand, counts: [count] });
    expect(await visitor.enter()).toMatchObject({ granted: [100], exactInput: count });
    expect(visitor.asked()).toBe(1);
    expect(visitor.methods()).toEqual(["reserve", "spend", "reserve"]);
    expect(visitor.book.tokens().reserved).toBe(count + TEMPLATE_TOKENS + 100);
  });

  it.each([
    ["the provider does not count", undefined, ["reserve", "spend"], "insufficient_quota", "5026 tokens"],
    ["the exact count never fits", 990, ["reserve", "spend", "reserve"], "plan_limit_exceeded", "1016 tokens"],
  ])("is a 429 after one count when %s", async (_why, count, methods, code, needed) => {
    const visitor = createVisitor({ demand: long, counts: [count] });
    const error = await refusalOf(() => visitor.enter());
    // It would fit with the fewest tokens, unless the count says otherwise.
    expect(error).toMatchObject({ status: 429, body: { code } });
    expect(error.body.message).toContain(needed);
    expect([visitor.asked(), visitor.methods()]).toEqual([1, methods]);
    expect(visitor.book.tokens()).toEqual({ used: 0, reserved: 0, left: 1000 });
  });

  it.each([
    // The output needs 10 tokens and the template 16, so 974 are left for the input: 124,672 bytes and a few.
    [124_799, 1],
    [124_800, 0],
  ])("of %i bytes is counted only if its fewest possible tokens fit", async (inputBytes, times) => {
    const visitor = createVisitor({ demand: { inputBytes } });
    expect((await refusalOf(() => visitor.enter())).status).toBe(429);
    expect(visitor.asked()).toBe(times);
  });

  it("is counted when only the money does not suffice", async () => {
    const visitor = createVisitor({ claims: "money", names: ["thinker"], demand: long, counts: [300] });
    await visitor.enter();
    expect(visitor.asked()).toBe(1);
    expect(visitor.book.use("usd").reserved).toBe((300 + TEMPLATE_TOKENS + 100) * 1000);
  });

  it.each([
    ["another window has no room for the fewest tokens", "both", 0],
    ["its requests are used up", "few", 1],
    ["too many requests run at once", "free", 3],
  ])("is not counted when %s", async (_why, claims, earlier) => {
    const visitor = createVisitor({ claims, counts: [1] });
    for (let count = 0; count < earlier; count++) {
      const { lease } = await visitor.enter();
      if (earlier === 1) await lease.settle({ tokens: 1, requests: 1, nanoUsd: 0 });
    }
    expect((await refusalOf(() => visitor.enter(long))).status).toBe(429);
    expect(visitor.asked()).toBe(0);
  });
});

describe("a request that needs an exact count", () => {
  const exclusive = { key: "conv_1", busyMessage: "The conversation is busy." };

  it("is counted before it is reserved, and its bound uses only the count", async () => {
    const visitor = createVisitor({ names: ["brief-1", "deep-1"], demand: { needsCount: true }, counts: [700] });
    expect(await visitor.enter()).toMatchObject({ names: ["brief-1"], exactInput: 700 });
    expect([visitor.asked(), visitor.methods()]).toEqual([1, ["spend", "reserve"]]);
    expect(visitor.book.tokens().reserved).toBe(700 + TEMPLATE_TOKENS + 60);
  });

  it.each([
    ["502 and reserves nothing when there is no count", undefined, 502, ["spend"]],
    ["429 and not counted again when the count does not fit", 2000, 429, ["spend", "reserve"]],
  ])("is a %s", async (_what, count, status, methods) => {
    const visitor = createVisitor({ demand: { needsCount: true }, counts: [count] });
    expect((await refusalOf(() => visitor.enter())).status).toBe(status);
    expect([visitor.asked(), visitor.methods()]).toEqual([1, methods]);
  });

  it("is counted again after an exclusive reservation, and admitted when the count is the same", async () => {
    const visitor = createVisitor({ demand: { needsCount: true, exclusive }, counts: [70, 70, 70] });
    expect(await visitor.enter()).toMatchObject({ exactInput: 70 });
    expect(visitor.asked()).toBe(2);
    // While it runs, no other request of the conversation is admitted.
    expect((await refusalOf(() => visitor.enter())).body.message).toBe(exclusive.busyMessage);
  });

  it.each([
    ["429 when the input has changed", 71, 429],
    ["502 when there is no second count", undefined, 502],
  ])("is a %s, and gives its exclusive reservation back", async (_what, second, status) => {
    const visitor = createVisitor({ demand: { needsCount: true, exclusive }, counts: [70, second] });
    expect((await refusalOf(() => visitor.enter())).status).toBe(status);
    await visitor.done();
    expect(visitor.methods()).toEqual(["spend", "reserve", "giveBack"]);
    expect(visitor.book.tokens()).toEqual({ used: 0, reserved: 0, left: 1000 });
  });
});

describe("a plan", () => {
  it("that the catalog does not have is replaced by the default plan", async () => {
    const { lease } = await createVisitor({ claims: "platinum" }).enter();
    expect(lease.view.windows).toMatchObject([{ unit: "tokens", limit: 1000 }]);
  });

  it("without the model is a 403 with the plan's models, and nothing is reserved or counted", async () => {
    const visitor = createVisitor({ claims: "thrifty", names: ["thinker"] });
    const error = await refusalOf(() => visitor.enter());
    expect(error).toMatchObject({ status: 403, body: { code: "model_not_allowed", param: "model" } });
    expect(error.body.message).toContain("It includes: default, swift.");
    expect([visitor.methods(), visitor.asked()]).toEqual([["view"], 0]);
  });

  it("need not include a model that the catalog chose", async () => {
    const visitor = createVisitor({ claims: "thrifty", names: ["thinker"], chosenByCatalog: true });
    expect((await visitor.enter()).granted).toEqual([100]);
  });

  it("stored with the user decides about the model, in both directions", async () => {
    const promoted = createVisitor({ claims: "thrifty", names: ["thinker"] });
    promoted.change({ kind: "plan", plan: "free" });
    expect((await promoted.enter()).granted).toEqual([100]);
    expect(promoted.methods()).toEqual(["view", "reserve"]);

    const demoted = createVisitor({ claims: "free", names: ["thinker"] });
    demoted.change({ kind: "plan", plan: "thrifty" });
    expect((await refusalOf(() => demoted.enter())).body.code).toBe("model_not_allowed");
    expect(demoted.book.view().leases.running).toBe(0);
  });

  it("stored with the user brings its own windows, and is cached for the next request", async () => {
    const visitor = createVisitor({ claims: "free" });
    visitor.change({ kind: "plan", plan: "money" });
    expect((await visitor.enter()).lease.view.windows).toMatchObject([{ unit: "usd", limit: 1_000_000 }]);
    await visitor.enter();
    expect(visitor.methods()).toEqual(["reserve", "reserve", "reserve"]);
  });

  it("is not told to a blocked user", async () => {
    const visitor = createVisitor({ claims: "thrifty", names: ["thinker"] });
    visitor.change({ kind: "block" });
    expect((await refusalOf(() => visitor.enter())).body.code).toBe("user_blocked");
  });
});

describe("a quota that cannot be reached", () => {
  it("is a 503, and a reservation whose result was lost is given back", async () => {
    const visitor = createVisitor({ failures: [runtimeError({ late: true })] });
    expect(await refusalOf(() => visitor.enter())).toMatchObject({ status: 503, body: { code: "quota_unavailable" } });
    await visitor.done();
    expect(visitor.methods()).toEqual(["reserve", "giveBack"]);
    expect(visitor.book.view().leases.running).toBe(0);
    expect(visitor.book.ledger.used["tokens/day"]).toMatchObject({ amount: 0 });
  });

  it("gives nothing back after a refusal", async () => {
    const visitor = createVisitor({ demand: { inputBytes: 900_000 } });
    await refusalOf(() => visitor.enter());
    await visitor.done();
    expect(visitor.methods()).toEqual(["reserve"]);
  });
});
