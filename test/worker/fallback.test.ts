import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { UserQuota } from "../../src/index.ts";
import { dollarsOf, errorOf } from "../support/caller.ts";
import { errorFrame, sse } from "../support/chat-chunks.ts";
import { ALIAS, createSturdyCatalog, FIRST, SECOND, SECOND_RATES, THIRD } from "../support/fallbacks.ts";
import { status, streamOf, unreachable } from "../support/fallbacks.ts";
import type { Fault } from "../support/providers.ts";
import { createUserOf, failingProvider } from "../support/providers.ts";
import { repeatUntil } from "../support/repeat.ts";
import type { Surface } from "../support/surface.ts";
import { OPENAI, RESPONSES, SLIM } from "../support/surface.ts";
import { emulation, useCatalog } from "../support/workerd.ts";

const reserve = vi.spyOn(UserQuota.prototype, "reserve");
const settle = vi.spyOn(UserQuota.prototype, "settle");

/** Limits that nothing reaches, and dollars. */
const WINDOWS = [
  { unit: "tokens", per: "month", limit: 10_000_000 },
  { unit: "requests", per: "month", limit: 10_000 },
  { unit: "usd", per: "month", limit: 10 },
] as const;
const NOTHING = { tokens: 0, requests: 0, reserved: 0 };

/** A new user of providers of which some fail; `ask` asks by the alias. */
async function deploy(faults: Record<string, Fault[]>) {
  const { provider, asked } = failingProvider(faults);
  const user = await createUserOf(provider);
  const ask = (surface: Surface, stream: boolean, script: object = { tokens: 12, reasoning: 5 }) =>
    user.post(surface.path, { ...surface.body(script, stream), model: ALIAS });
  return { ...user, asked, ask, models: () => asked.map(({ model }) => model) };
}

beforeEach(async () => {
  await useCatalog(createSturdyCatalog({ windows: [...WINDOWS] }));
  await emulation.zero();
});
afterEach(() => {
  reserve.mockClear();
  settle.mockClear();
});

/** Where each is asked when the caller uses that surface. */
const ROUTES: [string, Surface, string, string][] = [
  [SLIM.path, SLIM, "/v1/chat/completions", "/v1/responses"],
  [OPENAI.path, OPENAI, "/v1/chat/completions", "/v1/chat/completions"],
  [RESPONSES.path, RESPONSES, "/v1/responses", "/v1/responses"],
];

/** Failures that say nothing of the request, so that another may answer it. */
const FAULTS: [string, Fault][] = [
  ["a 500", status(500)],
  ["a 503", status(503)],
  ["a 504", status(504)],
  ["a refusal of the operator's key", status(401)],
  ["a connection that fails", unreachable],
  ["a 429", status(429)],
  ["a 429 that asks for a long wait", status(429, { "retry-after": "3" })],
  ["a 429 that asks for a day", status(429, { "retry-after": "Wed, 21 Oct 2099 07:28:00 GMT" })],
  ["a model that it does not have", status(404)],
];

describe.each(ROUTES)("on %s", (_, surface, firstPath, secondPath) => {
  describe.each([
    ["streamed", true],
    ["whole", false],
  ])("%s", (_kind, stream) => {
    it.each(FAULTS)("%s leads to the next in the list, who alone is paid", async (_fault, fault) => {
      const user = await deploy({ [FIRST]: [fault] });
      const response = await user.ask(surface, stream);
      const text = await response.text();
      expect(response.status, text).toBe(200);
      expect(user.asked).toEqual([
        { path: firstPath, model: FIRST },
        { path: secondPath, model: SECOND },
      ]);
      expect(response.headers.get("weir-model")).toBe(SECOND);
      expect(response.headers.get("weir-attempts")).toBe("2");
      const tokens = surface.tokens(text, stream);
      expect(await user.settled()).toEqual({ tokens, requests: 1, reserved: 0 });
      const input = tokens - 17;
      const usd = (input * SECOND_RATES.input + 17 * SECOND_RATES.output) / 1e9;
      expect(dollarsOf(await user.usage())).toBeCloseTo(usd, 9);
      expect(reserve).toHaveBeenCalledTimes(1);
      expect(settle).toHaveBeenCalledTimes(1);
    });

    it.each([400, 413, 422])("a %i is the caller's, and nobody else is asked", async (code) => {
      const user = await deploy({ [FIRST]: [status(code)] });
      const response = await user.ask(surface, stream);
      expect(response.status).toBe(code);
      expect(response.headers.get("weir-attempts")).toBe("1");
      expect(await errorOf(response)).toMatchObject({ type: "invalid_request_error", message: "No." });
      expect(user.models()).toEqual([FIRST]);
      expect(await user.settled()).toEqual(NOTHING);
    });

    it("a model that failed with a usage costs nothing where its caller leaves the next one", async () => {
      const failed = { status: "failed", output: [], usage: { input_tokens: 900, output_tokens: 900 } };
      const usage = { choices: [], usage: { prompt_tokens: 900, completion_tokens: 900 } };
      const told = [
        sse(surface.upstream.endsWith("responses") ? { type: "response.failed", response: failed } : usage),
        errorFrame("No."),
      ];
      const control = new AbortController();
      const leave: Fault = () => {
        control.abort();
        return Promise.reject(new Error("the caller left"));
      };
      const user = await deploy({ [FIRST]: [stream ? streamOf(...told) : status(500)], [SECOND]: [leave] });
      const body = { ...surface.body({ tokens: 12 }, stream), model: ALIAS };
      await user.post(surface.path, body, { signal: control.signal }).catch(() => undefined);
      expect(user.models()).toEqual([FIRST, SECOND]);
      const { tokens, reserved } = await user.settled();
      expect(reserved).toBe(0);
      expect(tokens).not.toBe(1800);
    });

    it("a 429 that asks for a short wait is asked once more itself", async () => {
      const user = await deploy({ [FIRST]: [status(429, { "retry-after": "0" })] });
      const response = await user.ask(surface, stream);
      expect(response.status).toBe(200);
      const tokens = surface.tokens(await response.text(), stream);
      expect(user.models()).toEqual([FIRST, FIRST]);
      expect(response.headers.get("weir-model")).toBe(FIRST);
      expect(response.headers.get("weir-attempts")).toBe("2");
      expect(await user.settled()).toEqual({ tokens, requests: 1, reserved: 0 });
    });

    it("a caller who leaves while a short wait is waited for pays nothing, and nobody is asked again", async () => {
      const waits = vi.spyOn(scheduler, "wait");
      const user = await deploy({ [FIRST]: [status(503, { "retry-after": "2" })] });
      const control = new AbortController();
      const asked = user.post(
        surface.path,
        { ...surface.body({ tokens: 12 }, stream), model: ALIAS },
        { signal: control.signal },
      );
      asked.catch(() => undefined);
      await repeatUntil(
        async () => waits.mock.calls,
        (calls) => calls.some(([ms]) => ms === 2000),
      );
      waits.mockRestore();
      control.abort();
      await asked.catch(() => undefined);
      expect(await user.settled()).toEqual(NOTHING);
      expect(user.models()).toEqual([FIRST]);
    });

    it("one that is still busy after its short wait is left for the next, who has a second try, too", async () => {
      const busy = status(429, { "retry-after": "0.01" });
      const user = await deploy({ [FIRST]: [busy, busy], [SECOND]: [busy] });
      const response = await user.ask(surface, stream);
      expect(response.status).toBe(200);
      await response.text();
      expect(user.models()).toEqual([FIRST, FIRST, SECOND, SECOND]);
      expect(response.headers.get("weir-attempts")).toBe("4");
    });

    it("the list is gone through in its order", async () => {
      const user = await deploy({ [FIRST]: [status(500)], [SECOND]: [unreachable] });
      const response = await user.ask(surface, stream);
      expect(response.status).toBe(200);
      await response.text();
      expect(user.models()).toEqual([FIRST, SECOND, THIRD]);
      expect(response.headers.get("weir-model")).toBe(THIRD);
      expect(response.headers.get("weir-attempts")).toBe("3");
    });

    it("when all fail the last one's error is told, and nothing is charged", async () => {
      const last = status(429, { "retry-after": "9" });
      const user = await deploy({ [FIRST]: [status(500)], [SECOND]: [unreachable], [THIRD]: [last] });
      const response = await user.ask(surface, stream);
      expect(response.status).toBe(503);
      expect(response.headers.get("retry-after")).toBe("9");
      expect(response.headers.get("weir-attempts")).toBe("3");
      expect(await errorOf(response)).toMatchObject({ code: "provider_overloaded" });
      expect(await user.settled()).toEqual(NOTHING);
      expect(dollarsOf(await user.usage())).toBe(0);
      expect(reserve).toHaveBeenCalledTimes(1);
      expect(settle).toHaveBeenCalledTimes(1);
    });

    it("a provider that is late is not followed by another: the deadline is for all of them", async () => {
      const late = { first_byte_ms: 30, ...(stream ? {} : { total_ms: 30 }) };
      await useCatalog(createSturdyCatalog({}, late));
      const user = await deploy({});
      const response = await user.ask(surface, stream, { tokens: 5, first_ms: 60_000 });
      expect(response.status).toBe(504);
      expect(user.models()).toEqual([FIRST]);
      expect(await user.settled()).toEqual(NOTHING);
    });
  });

  it.each([
    ["an error in its first frame", 'data: {"error":{"message":"No.","type":"server_error","code":null}}\n\n'],
    ["nothing at all", ""],
    ["what is no event", "data: {\n\n"],
  ])("a stream that begins with %s leads to the next", async (_fault, events) => {
    const error = events.replace('{"error"', '{"type":"error","error"');
    const user = await deploy({ [FIRST]: [streamOf(surface === RESPONSES ? error : events)] });
    const response = await user.ask(surface, true);
    const text = await response.text();
    expect(response.status, text).toBe(200);
    expect(surface.failure(text)).toBeUndefined();
    expect(user.models()).toEqual([FIRST, SECOND]);
    expect(response.headers.get("weir-model")).toBe(SECOND);
    expect(await user.settled()).toEqual({ tokens: surface.tokens(text, true), requests: 1, reserved: 0 });
  });

  it.each([{ error_after: 5 }, { cut_after: 5 }])(
    "%o is after the first byte, so nobody else is asked",
    async (fault) => {
      const user = await deploy({});
      const response = await user.ask(surface, true, { tokens: 20, delay_ms: 1, ...fault });
      expect(response.status).toBe(200);
      expect(surface.failure(await response.text())).toMatchObject({ type: "server_error" });
      expect(user.models()).toEqual([FIRST]);
      expect(response.headers.get("weir-attempts")).toBe("1");
      expect(await user.settled()).toMatchObject({ requests: 1, reserved: 0 });
    },
  );

  it("a whole answer whose connection is cut had begun, so nobody else is asked", async () => {
    const user = await deploy({});
    const response = await user.ask(surface, false, { tokens: 20, cut_after: 5 });
    expect(response.status).toBe(502);
    expect(user.models()).toEqual([FIRST]);
    expect(await user.settled()).toMatchObject({ requests: 1, reserved: 0 });
  });
});
