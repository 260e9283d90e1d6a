import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { UserQuota } from "../../src/index.ts";
import type { Caller } from "../support/caller.ts";
import { errorOf } from "../support/caller.ts";
import { createCatalog } from "../support/catalog.ts";
import { ask, SURFACES } from "../support/surface.ts";
import { createUser, emulation, useCatalog } from "../support/workerd.ts";

/** What a bound adds to the bytes of a body: the template, and the plan's output where less is not asked for. */
const MORE_THAN_BYTES = 16 + 2000;

const settle = vi.spyOn(UserQuota.prototype, "settle");

beforeEach(async () => {
  await useCatalog(createCatalog());
  await emulation.zero();
});
afterEach(() => {
  settle.mockClear();
});

/** What a user has spent once nothing runs any more, and in how many settlements. */
const spent = async (user: Caller) => ({ ...(await user.settled()), settlements: settle.mock.calls.length });

/** A request that was sent to the provider, and is not charged. */
const NOTHING = { tokens: 0, requests: 0, reserved: 0, settlements: 1 };
/** A request that never was sent. */
const NEVER_SENT = { ...NOTHING, settlements: 0 };

/** Expects one request of more than no tokens and at most its bound. */
async function expectEstimate(user: Caller, body: unknown): Promise<void> {
  const { tokens, ...rest } = await spent(user);
  expect(rest).toEqual({ requests: 1, reserved: 0, settlements: 1 });
  expect(tokens).toBeGreaterThan(0);
  expect(tokens).toBeLessThanOrEqual(JSON.stringify(body).length + MORE_THAN_BYTES);
}

/** How a provider's answer can break off. */
const BREAKS = [
  ["an error", { error_after: 5 }],
  ["a cut connection", { cut_after: 5 }],
] as const;

describe.each(SURFACES)("on %s", (_, surface) => {
  describe.each([
    ["streamed", true],
    ["whole", false],
  ])("%s", (_, stream) => {
    it("an answer that finishes costs what the provider counted", async () => {
      const user = await createUser();
      const response = await ask(user, surface, { tokens: 25, reasoning: 100 }, stream);
      expect(response.status).toBe(200);
      const tokens = surface.tokens(await response.text(), stream);
      expect(tokens).toBeGreaterThan(125);
      expect(await spent(user)).toEqual({ tokens, requests: 1, reserved: 0, settlements: 1 });
    });

    it("an answer without usage costs an estimate", async () => {
      const user = await createUser();
      const script = { tokens: 200, no_usage: true };
      const response = await ask(user, surface, script, stream);
      expect(response.status).toBe(200);
      await response.text();
      await expectEstimate(user, surface.body(script, stream));
    });

    it.each([
      [400, 400, null],
      [401, 502, "provider_unauthorized"],
      [403, 502, "provider_unauthorized"],
      [404, 404, "model_not_found"],
      [413, 413, null],
      [429, 503, "provider_overloaded"],
      [500, 502, "provider_error"],
      [502, 502, "provider_error"],
      [503, 502, "provider_error"],
      [504, 504, "provider_timeout"],
    ])("a provider that refuses with %i costs nothing and is told as %i %s", async (status, told, code) => {
      const user = await createUser();
      const response = await ask(user, surface, { status }, stream);
      expect(response.status).toBe(told);
      expect(response.headers.get("content-type")).toContain("application/json");
      const error = await errorOf(response);
      expect(error.code).toBe(code);
      expect(error.message).not.toMatch(/<|organization|API key/);
      expect(await spent(user)).toEqual(NOTHING);
    });

    it("a request that the provider finds wrong is told in the provider's words", async () => {
      const response = await ask(await createUser(), surface, { status: 422 }, stream);
      expect(response.status).toBe(422);
      expect(await errorOf(response)).toMatchObject({
        message: "Scripted failure 422.",
        type: "invalid_request_error",
      });
    });

    it("a provider that asks to wait is told as retry-after", async () => {
      const response = await ask(await createUser(), surface, { status: 429, retry_after: 7 }, stream);
      expect(response.status).toBe(503);
      expect(response.headers.get("retry-after")).toBe("7");
      expect(response.headers.get("x-should-retry")).toBeNull();
    });

    it("a refusal by the quota costs nothing and never reaches the provider", async () => {
      const user = await createUser("tiny");
      const response = await ask(user, surface, { tokens: 1 }, stream);
      expect(response.status).toBe(429);
      expect(await errorOf(response)).toMatchObject({ type: "insufficient_quota", code: "insufficient_quota" });
      const { headers } = response;
      expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
      expect(headers.get("x-should-retry")).toBe("false");
      expect(headers.get("x-ratelimit-limit-tokens")).toBe("100");
      expect(headers.get("x-ratelimit-remaining-tokens")).toBe("100");
      expect(headers.get("x-ratelimit-reset-tokens")).toMatch(/^(\d+h)?(\d+m)?\d+s$/);
      expect(headers.get("x-ratelimit-limit-requests")).toBe("10000");
      expect(headers.get("x-ratelimit-remaining-requests")).toBe("10000");
      expect(await spent(user)).toEqual(NEVER_SENT);
      expect((await emulation.stats()).requests).toBe(0);
    });

    it("a body that is not valid costs nothing and never reaches the provider", async () => {
      const user = await createUser();
      const response = await user.post(surface.path, { ...surface.body({}, stream), surprise: 1 });
      expect(response.status).toBe(400);
      expect(await errorOf(response)).toMatchObject({ code: "unsupported_parameter", param: "surprise" });
      expect(await spent(user)).toEqual(NEVER_SENT);
      expect((await emulation.stats()).requests).toBe(0);
    });

    it("a model that does not exist costs nothing and never reaches the provider", async () => {
      const user = await createUser();
      const response = await user.post(surface.path, { ...surface.body({}, stream), model: "constructor" });
      expect(response.status).toBe(404);
      expect(await errorOf(response)).toMatchObject({ code: "model_not_found", param: "model" });
      expect(await spent(user)).toEqual(NEVER_SENT);
      expect((await emulation.stats()).requests).toBe(0);
    });

    it("a caller who leaves before the answer begins pays an estimate, and the provider is told to stop", async () => {
      const user = await createUser();
      const body = surface.body({ tokens: 5, first_ms: 60_000 }, stream);
      const control = new AbortController();
      const response = user.post(surface.path, body, { signal: control.signal });
      await emulation.busy();
      control.abort();
      await expect(response).rejects.toThrow("abort");
      await expectEstimate(user, body);
      expect(await emulation.idle()).toMatchObject({ requests: 1, cancelled: 1, completed: 0 });
    });
  });

  it("a stream that begins with an error has a real status and costs nothing", async () => {
    const user = await createUser();
    const response = await ask(user, surface, { tokens: 10, error_after: 0 });
    expect(response.status).toBe(502);
    expect(await errorOf(response)).toMatchObject({ type: "server_error", code: "provider_error" });
    expect(await spent(user)).toEqual(NOTHING);
  });

  it.each(BREAKS)("a stream that breaks off with %s ends in an error frame and costs an estimate", async (_, fault) => {
    const user = await createUser();
    const script = { tokens: 20, delay_ms: 1, ...fault };
    const response = await ask(user, surface, script);
    expect(response.status).toBe(200);
    expect(surface.failure(await response.text())).toMatchObject({ type: "server_error" });
    await expectEstimate(user, surface.body(script, true));
  });

  it("a whole answer that the provider fails to make is its error and costs nothing", async () => {
    const user = await createUser();
    const response = await ask(user, surface, { tokens: 20, error_after: 5 }, false);
    expect(await spent(user)).toEqual(NOTHING);
    expect(response.status).toBe(502);
    expect(await errorOf(response)).toMatchObject({ code: "provider_error" });
  });

  it("a whole answer whose connection is cut is the provider's error, but had begun and costs an estimate", async () => {
    const user = await createUser();
    const script = { tokens: 20, cut_after: 5 };
    const response = await ask(user, surface, script, false);
    expect(response.status).toBe(502);
    expect(await errorOf(response)).toMatchObject({ code: "provider_error" });
    await expectEstimate(user, surface.body(script, false));
  });

  it("a caller who leaves in the middle pays an estimate, and the provider is told to stop", async () => {
    const user = await createUser();
    const script = { tokens: 5000, delay_ms: 5 };
    const response = await ask(user, surface, script);
    const reader = response.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    await expectEstimate(user, surface.body(script, true));
    expect(await emulation.idle()).toMatchObject({ requests: 1, cancelled: 1, completed: 0 });
  });

  it("one request too many at once is refused, and the next one after the first has ended is not", async () => {
    const user = await createUser("single");
    const first = await ask(user, surface, { tokens: 5000, delay_ms: 5 });
    const second = await ask(user, surface, { tokens: 1 });
    expect(second.status).toBe(429);
    expect(second.headers.get("retry-after")).toBe("1");
    expect(await errorOf(second)).toMatchObject({ code: "insufficient_quota" });
    await first.body?.cancel();
    await user.settled();
    const third = await ask(user, surface, { tokens: 1 });
    expect(third.status).toBe(200);
    await third.text();
  });
});
