// The contract of every metered chat route: the cost of each ending, and what the provider and the caller get.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Catalog, Plan } from "../../src/core/catalog/schema.ts";
import type { Bindings } from "../../src/core/env.ts";
import { UserQuota } from "../../src/core/quota/user-quota.ts";
import { errorOf, NOTHING, ONLY_REQUESTS } from "./caller.ts";
import { createCatalog, createCatalogOf, withoutCounter } from "./catalog.ts";
import { boundOf, estimateOf, expectEstimate, FIVE_TOKENS, priceOf, spendingOf, TEMPLATE_TOKENS } from "./estimate.ts";
import { readUntil } from "./events.ts";
import { repeatUntil } from "./repeat.ts";
import { readSaid } from "./said.ts";
import type { Surface } from "./surface.ts";
import { ask } from "./surface.ts";
import { createUser, emulation, useCatalog } from "./workerd.ts";

const WINDOWS: Plan["windows"] = [
  { unit: "tokens", per: "month", limit: 10_000_000 },
  { unit: "requests", per: "month", limit: 10_000 },
];
const useDollars = (limit: number) =>
  useCatalog(withoutCounter(createCatalogOf({ windows: [...WINDOWS, { unit: "usd", per: "month", limit }] })));
const useTiming = (timing: Partial<Catalog["timing"]>) => useCatalog(withoutCounter(createCatalog(timing)));

/** The tests' catalog, in which every alias finishes an answer after a disconnect, for at most this time. */
function useFinishing(leaveMs: number): Promise<string> {
  const catalog = createCatalog({ leave_ms: leaveMs });
  const aliases = Object.entries(catalog.aliases).map(([name, alias]) => [name, { ...alias, on_leave: "finish" }]);
  return useCatalog(withoutCounter({ ...catalog, aliases: Object.fromEntries(aliases) }));
}

const KINDS: [string, boolean][] = [
  ["streamed", true],
  ["whole", false],
];
const MEGABYTE = 1024 * 1024;
const LONG = { tokens: 5000, delay_ms: 5 };
/** The output tokens of a plan whose provider does not obey them. */
const GRANTED = 100;
const STOPPED = { requests: 1, cancelled: 1, completed: 0 };

/** A quota object that fails every reservation. */
const UNREACHABLE = {
  getByName: () => ({ reserve: () => Promise.reject(new Error("the object is out")) }),
} as unknown as Bindings["USER_QUOTA"];

/** A caller's headers. The provider must not see any of them. */
const CALLERS_HEADERS = {
  accept: "application/json",
  cookie: "session=1",
  "openai-organization": "org-caller",
  "user-agent": "a-phone/1.0",
  "x-api-key": "callers-key",
  "x-forwarded-for": "203.0.113.7",
  "x-request-id": "phone-7",
};

/** Every header of an answer. The platform's own headers are missing inside workerd. */
const ANSWER_HEADERS = [
  "cache-control content-type openai-processing-ms server-timing",
  "weir-attempts weir-max-output-tokens weir-model weir-revision",
  "x-ratelimit-limit-requests x-ratelimit-limit-tokens x-ratelimit-remaining-requests x-ratelimit-remaining-tokens",
  "x-ratelimit-reset-requests x-ratelimit-reset-tokens x-request-id",
].flatMap((names) => names.split(" "));

/** Runs the contract for one route. */
export function describeMeteredRoute(name: string, surface: Surface): void {
  describe(`${name}: the cost of an answer`, () => {
    let settlements: () => number;
    beforeEach(async () => {
      const settle = vi.spyOn(UserQuota.prototype, "settle");
      // A settlement of an earlier test can arrive late, so they are counted by reservation.
      settlements = () => {
        const keys = settle.mock.calls.map(([, { key }]) => key);
        return Math.max(0, ...keys.map((key) => keys.filter((other) => other === key).length));
      };
      await useDollars(10);
      await emulation.zero();
    });
    afterEach(() => void vi.restoreAllMocks());

    it.each(KINDS)("that finished, %s, is the provider's usage", async (_kind, stream) => {
      const user = await createUser();
      const response = await ask(user, surface, { tokens: 25, reasoning: 100 }, stream);
      expect(response.status).toBe(200);
      const tokens = surface.tokens(await response.text(), stream);
      const spent = await spendingOf(user);
      if (!Number.isNaN(tokens)) expect(spent.tokens).toBe(tokens);
      expect(spent).toMatchObject({ requests: 1, reserved: 0, usd: priceOf(spent.tokens - 125, 125) });
      expect(settlements()).toBe(1);
    });

    it.each([
      ["finished without usage", { text: "abcd".repeat(100), no_usage: true }, 400, true],
      ["was an error in the middle", { tokens: 20, delay_ms: 1, error_after: 5, no_usage: true }, 23, true],
      ["was cut off in the middle", { tokens: 20, delay_ms: 1, cut_after: 5 }, 23, true],
      ["was cut off in the middle of one object", { tokens: 20, cut_after: 5 }, undefined, false],
    ])("that %s is an estimate", async (_ending, script, said, stream) => {
      const user = await createUser();
      const body = surface.body(script, stream);
      const response = await user.post(surface.path, body);
      const text = await response.text();
      expect(response.status).toBe(stream ? 200 : 502);
      if (stream && "tokens" in script) expect(surface.failure(text)).toMatchObject({ type: "server_error" });
      const spent = await spendingOf(user);
      expect(spent).toMatchObject({ requests: 1, reserved: 0 });
      expect(settlements()).toBe(1);
      if (said === undefined) return expect(spent.tokens).toBeGreaterThanOrEqual(estimateOf(surface, body));
      expectEstimate(spent.tokens, surface, body, said);
      const input = estimateOf(surface, body);
      expect(spent.usd).toBeCloseTo(priceOf(input, spent.tokens - input), 9);
    });

    it.each([
      ["refuses", { status: 500 }, true, 502, "provider_error"],
      ["refuses", { status: 500 }, false, 502, "provider_error"],
      ["is busy", { status: 429, retry_after: 7 }, true, 503, "provider_overloaded"],
      ["is overloaded", { status: 503, retry_after: 7 }, true, 503, "provider_overloaded"],
      ["begins with an error", { tokens: 10, error_after: 0 }, true, 502, "provider_error"],
    ])("whose provider %s (%j, stream: %s) is a request", async (_how, script, stream, status, code) => {
      const user = await createUser();
      const response = await ask(user, surface, script, stream);
      expect(response.status).toBe(status);
      expect(response.headers.get("retry-after")).toBe("retry_after" in script ? "7" : null);
      expect(await errorOf(response)).toMatchObject({ type: "server_error", code });
      expect(await spendingOf(user)).toEqual({ ...NOTHING, requests: 1, usd: 0 });
    });

    it.each(KINDS)("whose provider is too late, %s, is an estimate", async (_kind, stream) => {
      await useTiming(stream ? { first_byte_ms: 30 } : { total_ms: 30, first_byte_ms: 1 });
      const user = await createUser();
      const body = surface.body({ tokens: 5, first_ms: 60_000 }, stream);
      const response = await user.post(surface.path, body);
      expect(response.status).toBe(504);
      expect(await errorOf(response)).toMatchObject({ type: "server_error", code: "provider_timeout" });
      const { tokens, ...rest } = await user.settled();
      expect(rest).toEqual({ requests: 1, reserved: 0 });
      expectEstimate(tokens, surface, body);
      expect(await emulation.idle()).toMatchObject(STOPPED);
    });

    it("that takes too long in total is an estimate of its text, whether it is read or not", async () => {
      await useTiming({ total_ms: 200 });
      const [user, idler] = [await createUser(), await createUser()];
      const body = surface.body(LONG, true);
      // Both wait for the deadline at the same time.
      const unread = await idler.post(surface.path, body);
      const text = await (await user.post(surface.path, body)).text();
      expect(surface.failure(text)).toMatchObject({ code: "provider_timeout" });
      const { tokens, ...rest } = await user.settled();
      expect(rest).toEqual({ requests: 1, reserved: 0 });
      expect(tokens).toBeGreaterThanOrEqual(estimateOf(surface, body, readSaid(text).length));

      expect(await idler.settled()).toMatchObject({ requests: 1, reserved: 0 });
      const seen = await unread.text().catch(() => "cut");
      expect(() => surface.failure(seen)).toThrow("unfinished");
      expect(await emulation.idle()).toMatchObject({ requests: 2, cancelled: 2 });
    });

    it.each(KINDS)("whose caller left before it began, %s, is an estimate", async (_kind, stream) => {
      // An answer that is not streamed may finish in this time.
      await useTiming({ leave_ms: 20 });
      const user = await createUser();
      const body = surface.body({ tokens: 5, first_ms: 60_000 }, stream);
      const control = new AbortController();
      const response = user.post(surface.path, body, { signal: control.signal });
      await emulation.busy();
      control.abort();
      await expect(response).rejects.toThrow("abort");
      const { tokens, ...rest } = await user.settled();
      expect(rest).toEqual({ requests: 1, reserved: 0 });
      expectEstimate(tokens, surface, body);
      expect(await emulation.idle()).toMatchObject(STOPPED);
    });

    it("whose caller left while the provider was silent is an estimate of its text", async () => {
      const user = await createUser();
      const body = surface.body({ tokens: 20, stall_after: 5 }, true);
      const response = await user.post(surface.path, body);
      const reader = await readUntil(response.body, ' low"');
      expect(await user.usage()).toMatchObject({ leases: { running: 1 } });
      await reader.cancel();
      const { tokens, ...rest } = await user.settled();
      expect(rest).toEqual({ requests: 1, reserved: 0 });
      expectEstimate(tokens, surface, body, FIVE_TOKENS.bytes);
      expect(await emulation.idle()).toMatchObject(STOPPED);
    });

    it.each(KINDS)(
      "whose caller left during the reservation, %s, is nothing, and is not sent",
      async (_kind, stream) => {
        const user = await createUser();
        const control = new AbortController();
        let phase = "not started";
        // oxlint-disable-next-line typescript/unbound-method -- it is called with the object as `this`
        const original = UserQuota.prototype.reserve as (this: UserQuota, ...how: never[]) => unknown;
        const slowReserve = async function (this: UserQuota, ...how: never[]) {
          phase = "reserving";
          await phaseIs("released");
          return original.apply(this, how);
        };
        const phaseIs = (name: string) =>
          repeatUntil(
            async () => phase,
            (now) => now === name,
          );
        vi.spyOn(UserQuota.prototype, "reserve").mockImplementationOnce(slowReserve as never);
        const body = surface.body({ tokens: 5 }, stream);
        const response = user.post(surface.path, body, { signal: control.signal });
        const aborted = expect(response).rejects.toThrow("abort");
        await phaseIs("reserving");
        control.abort();
        await aborted;
        phase = "released";
        await repeatUntil(
          async () => settlements(),
          (count) => count === 1,
        );
        expect(await user.settled()).toEqual(NOTHING);
        expect((await emulation.stats()).requests).toBe(0);
      },
    );

    it("whose provider exceeds the grant is ended as `length`, and is an estimate", async () => {
      await useCatalog(withoutCounter(createCatalogOf({ max_output_tokens: GRANTED })));
      const user = await createUser();
      const body = surface.body({ tokens: 10 * GRANTED, reasoning: 0, over_limit: true, delay_ms: 1 }, true);
      const text = await (await user.post(surface.path, body)).text();
      expect(surface.failure(text)).toBeUndefined();
      expect(text).toContain(surface.truncated);
      const said = readSaid(text).length;
      expect(said).toBeLessThan(8 * GRANTED + 512 + 2000);
      const { tokens, ...rest } = await user.settled();
      expect(rest).toEqual({ requests: 1, reserved: 0 });
      expect(tokens).toBe(surface.shown(body) + TEMPLATE_TOKENS + GRANTED);
      expect(await emulation.idle()).toMatchObject(STOPPED);
    });

    it("whose caller left, with `finish`, is the usage if that comes in time", async () => {
      await useFinishing(25_000);
      const script = { tokens: 60, delay_ms: 2, reasoning: 7 };
      const other = await createUser();
      await (await ask(other, surface, script)).text();
      const { tokens } = await other.settled();
      await emulation.zero();

      const user = await createUser();
      const reader = (await ask(user, surface, script)).body?.getReader();
      await reader?.read();
      await reader?.cancel();
      expect(await user.settled()).toEqual({ tokens, requests: 1, reserved: 0 });
      expect(await emulation.idle()).toMatchObject({ requests: 1, completed: 1, cancelled: 0 });
    });

    it("whose caller left, with `finish`, is an estimate if no usage comes in time", async () => {
      await useFinishing(20);
      const user = await createUser();
      const body = surface.body(LONG, true);
      const reader = (await user.post(surface.path, body)).body?.getReader();
      await reader?.read();
      await reader?.cancel();
      const { tokens } = await user.settled();
      expect(tokens).toBeGreaterThan(estimateOf(surface, body));
      expect(tokens).toBeLessThanOrEqual(boundOf(surface, body));
      expect(await emulation.idle()).toMatchObject(STOPPED);
    });
  });

  describe(`${name}: a stream that begins late`, () => {
    const LATE = { tokens: 5, first_ms: 60_000 };
    beforeEach(async () => {
      await useTiming({ keep_alive_ms: 10 });
      await emulation.zero();
    });

    it("starts with status 200 and comments, and goes on with the answer", async () => {
      const user = await createUser();
      const response = await ask(user, surface, { tokens: 5, first_ms: 100 });
      expect([response.status, response.headers.get("weir-model")]).toEqual([200, expect.any(String)]);
      const text = await response.text();
      expect(text).toMatch(/^:\n\n/);
      expect(surface.failure(text)).toBeUndefined();
      expect(readSaid(text)).toBe(FIVE_TOKENS.text);
    });

    it("ends with the failure when the provider fails after all, and costs a request", async () => {
      const user = await createUser();
      const response = await ask(user, surface, { tokens: 5, first_ms: 100, error_after: 0 });
      expect(response.status).toBe(200);
      const text = await response.text();
      expect(text).toMatch(/^:\n\n/);
      expect(surface.failure(text)).toMatchObject({ code: "provider_error" });
      expect(await user.settled()).toEqual(ONLY_REQUESTS());
    });

    it("frees its place and cancels the provider when the caller leaves", async () => {
      const user = await createUser("single");
      const body = surface.body(LATE, true);
      const reader = (await user.post(surface.path, body)).body?.getReader();
      await reader?.read();
      await reader?.cancel();
      const { tokens, ...rest } = await user.settled();
      expect(rest).toEqual({ requests: 1, reserved: 0 });
      expectEstimate(tokens, surface, body);
      expect(await emulation.idle()).toMatchObject(STOPPED);
      expect((await ask(user, surface, { tokens: 1 })).status).toBe(200);
    });
  });

  describe(`${name}: a request`, () => {
    let revision: string;
    beforeEach(async () => {
      revision = await useCatalog(createCatalog());
      await emulation.zero();
    });

    it.each([
      ["that never fits into the plan", {}, 429, "plan_limit_exceeded", "tiny"],
      ["with an unknown field", { surprise: 1 }, 400, "unsupported_parameter", undefined],
      ["for an unknown model", { model: "constructor" }, 404, "model_not_found", undefined],
      ["with a body of 5 MiB", { padding: "x".repeat(5 * MEGABYTE) }, 413, "body_too_large", undefined],
    ] as const)("%s is refused, costs nothing and is not sent", async (_what, changes, status, code, plan) => {
      const user = await createUser(plan);
      const response = await user.post(surface.path, { ...surface.body({}, true), ...changes });
      expect(response.status).toBe(status);
      expect(await errorOf(response)).toMatchObject({ code });
      expect(await user.settled()).toEqual(NOTHING);
      expect((await emulation.stats()).requests).toBe(0);
      if (status !== 413 && status !== 400) expect(response.headers.get("weir-revision")).toBe(revision);
      if (status !== 429) return;
      expect(response.headers.get("retry-after")).toBeNull();
      expect(response.headers.get("x-should-retry")).toBe("false");
      expect(response.headers.get("x-ratelimit-limit-tokens")).toBe("100");
      expect(response.headers.get("x-ratelimit-remaining-tokens")).toBe("100");
      expect(response.headers.get("x-ratelimit-reset-tokens")).toMatch(/^(\d+h)?(\d+m)?\d+s$/);
    });

    it("above the plan's number of running requests is refused until one of them ends", async () => {
      const user = await createUser("single");
      const first = await ask(user, surface, LONG);
      const second = await ask(user, surface, { tokens: 1 });
      expect([second.status, second.headers.get("retry-after")]).toEqual([429, "1"]);
      expect(second.headers.get("x-should-retry")).toBeNull();
      expect(await errorOf(second)).toMatchObject({ code: "concurrency_limit_exceeded", window: "concurrent" });
      await first.body?.cancel();
      await user.settled();
      const third = await ask(user, surface, { tokens: 1 });
      expect(third.status, await third.text()).toBe(200);
    });

    it("is granted the output that the remaining dollars pay for", async () => {
      const body = surface.body({ tokens: 1000 }, true);
      const input = surface.shown(body) + TEMPLATE_TOKENS;
      await useDollars(priceOf(input, 300.5));
      const user = await createUser();
      const response = await user.post(surface.path, body);
      await response.text();
      expect(response.headers.get("weir-max-output-tokens")).toBe("300");
      expect((await emulation.stats()).last?.body[surface.bound]).toBe(300);
      const { usd } = await spendingOf(user);
      expect(usd).toBeGreaterThan(priceOf(0, 300));
      expect(usd).toBeLessThanOrEqual(priceOf(input, 300));
      const refused = await user.post(surface.path, body);
      expect(refused.status).toBe(429);
      expect((await errorOf(refused)).message).toContain("usd per month");
    });

    it.each(KINDS)(
      "sends no header of the caller to the provider, and returns only known ones, %s",
      async (_kind, stream) => {
        const user = await createUser();
        const body = surface.body({ tokens: 3 }, stream);
        const response = await user.post(surface.path, body, { headers: CALLERS_HEADERS });
        await response.text();
        const { last } = await emulation.stats();
        expect(last?.path).toBe(surface.upstream);
        expect(Object.keys(last?.headers ?? {}).toSorted()).toEqual([
          "authorization",
          "content-length",
          "content-type",
        ]);
        expect([...response.headers].map(([header]) => header).toSorted()).toEqual(ANSWER_HEADERS);
        expect(Object.fromEntries(response.headers)).toMatchObject({
          "content-type": stream ? "text/event-stream; charset=utf-8" : "application/json",
          "server-timing": expect.stringMatching(
            /^auth;dur=\d+, quota;dur=\d+, provider;dur=\d+, relay;dur=\d+$/,
          ) as string,
          "weir-model": last?.body.model,
          "weir-revision": revision,
          "x-ratelimit-limit-requests": "10000",
          "x-request-id": "phone-7",
        });
      },
    );

    it("is a 503 while the quota cannot be reached, and is not sent", async () => {
      const user = await createUser(undefined, { USER_QUOTA: UNREACHABLE });
      const response = await ask(user, surface, { tokens: 1 });
      expect([response.status, response.headers.get("retry-after")]).toEqual([503, "1"]);
      const error = await errorOf(response);
      expect(error).toMatchObject({ type: "server_error", code: "quota_unavailable" });
      expect(error.message).not.toContain("the object is out");
      expect((await emulation.stats()).requests).toBe(0);
    });
  });
}
