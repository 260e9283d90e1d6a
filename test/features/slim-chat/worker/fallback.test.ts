// Retries and fallbacks, only before the response has started.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { UserQuota } from "../../../../src/core/quota/user-quota.ts";
import { dollarsOf, errorOf, ONLY_REQUESTS } from "../../../support/caller.ts";
import { errorFrame, sse } from "../../../support/chat-chunks.ts";
import { withoutCounter } from "../../../support/catalog.ts";
import { estimateOf } from "../../../support/estimate.ts";
import { ALIAS, createSturdyCatalog, FIRST, SECOND, SECOND_RATES, THIRD } from "../../../support/fallbacks.ts";
import type { Fault } from "../../../support/providers.ts";
import { createUserOf, failingProvider, status, streamOf, unreachable } from "../../../support/providers.ts";
import { repeatUntil } from "../../../support/repeat.ts";
import { SLIM, SLIM_RESPONSES } from "../../../support/surface.ts";
import { emulation, useCatalog } from "../../../support/workerd.ts";

const tokens = { unit: "tokens", per: "month", limit: 10_000_000 } as const;
const WINDOWS = [tokens, { unit: "requests", per: "month", limit: 10_000 }, { unit: "usd", per: "month", limit: 10 }];

/** A new user of failing providers; `chat` asks the alias for 17 tokens. */
async function deploy(faults: Record<string, Fault[]>) {
  const { provider, asked } = failingProvider(faults);
  const user = await createUserOf(provider);
  const chat = (stream = true, script: object = { tokens: 12, reasoning: 5 }, changes: object = {}) =>
    user.post(SLIM.path, { ...SLIM.body(script, stream), model: ALIAS, ...changes });
  return { ...user, asked, chat, models: () => asked.map(({ model }) => model) };
}

let calls: () => { reserve: number; settle: number };
const reserve = () => vi.spyOn(UserQuota.prototype, "reserve");

beforeEach(async () => {
  await useCatalog(createSturdyCatalog({ windows: WINDOWS as never }));
  await emulation.zero();
  const spies = { reserve: reserve(), settle: vi.spyOn(UserQuota.prototype, "settle") };
  calls = () => ({ reserve: spies.reserve.mock.calls.length, settle: spies.settle.mock.calls.length });
});
afterEach(() => void vi.restoreAllMocks());

const FAULTS: [string, Fault, boolean][] = [
  ["a 500", status(500), true],
  ["a 500 without streaming", status(500), false],
  ["a refused operator's key", status(401), true],
  ["a failed connection", unreachable, true],
  ["a 429 with a long retry-after", status(429, { "retry-after": "3" }), true],
  ["an unknown model", status(404), true],
  ["a stream that starts with an error", streamOf(errorFrame("No.")), true],
  ["an empty stream", streamOf(), true],
  ["a stream that is not JSON", streamOf("data: {\n\n"), true],
];

describe("the fallback", () => {
  it.each(FAULTS)("is called after %s, and only it is charged", async (_fault, fault, stream) => {
    const user = await deploy({ [FIRST]: [fault] });
    const response = await user.chat(stream);
    const text = await response.text();
    expect(response.status, text).toBe(200);
    expect(user.asked).toEqual([
      { path: "/v1/chat/completions", model: FIRST },
      { path: "/v1/responses", model: SECOND },
    ]);
    expect(Object.fromEntries(response.headers)).toMatchObject({ "weir-model": SECOND, "weir-attempts": "2" });
    const spent = SLIM.tokens(text, stream);
    expect(await user.settled()).toEqual({ tokens: spent, requests: 1, reserved: 0 });
    const usd = ((spent - 17) * SECOND_RATES.input + 17 * SECOND_RATES.output) / 1e9;
    expect(dollarsOf(await user.usage())).toBeCloseTo(usd, 9);
    expect(calls()).toEqual({ reserve: 1, settle: 1 });
  });

  it("is followed by the next one, and the last error is the response", async () => {
    const last = status(429, { "retry-after": "9" });
    const user = await deploy({ [FIRST]: [status(500)], [SECOND]: [unreachable], [THIRD]: [last] });
    const response = await user.chat();
    expect(user.models()).toEqual([FIRST, SECOND, THIRD]);
    expect(Object.fromEntries(response.headers)).toMatchObject({ "retry-after": "9", "weir-attempts": "3" });
    expect(response.status).toBe(503);
    expect(await user.settled()).toEqual(ONLY_REQUESTS());
  });

  it.each([
    ["a 422, which is the caller's mistake", status(422), 422],
    [
      "a missing prompt, which is not a missing model",
      () => Response.json({ error: { message: "Secret.", code: "prompt_not_found" } }, { status: 404 }),
      404,
    ],
  ])("is not called after %s", async (_what, fault, code) => {
    const user = await deploy({ [FIRST]: [fault] });
    const response = await user.chat();
    expect(response.status).toBe(code);
    expect((await errorOf(response)).message).not.toContain("Secret");
    expect(user.models()).toEqual([FIRST]);
    expect(await user.settled()).toEqual(ONLY_REQUESTS());
  });

  it.each([
    ["an error after text", true, { tokens: 20, delay_ms: 1, error_after: 5 }],
    ["a cut connection without streaming", false, { tokens: 20, cut_after: 5 }],
  ])("is not called after %s, because the response has started", async (_what, stream, script) => {
    const user = await deploy({});
    const response = await user.chat(stream, script);
    await response.text();
    expect(response.headers.get("weir-attempts")).toBe("1");
    expect(await user.settled()).toMatchObject({ requests: 1, reserved: 0 });
  });

  it("is not called after the deadline, which covers all candidates", async () => {
    await useCatalog(createSturdyCatalog({}, { first_byte_ms: 100 }));
    const late = await deploy({});
    expect((await late.chat(true, { tokens: 5, first_ms: 60_000 })).status).toBe(504);
    expect(late.models()).toEqual([FIRST]);
    const second = await deploy({ [FIRST]: [streamOf(errorFrame("No."))] });
    expect((await second.chat(true, { tokens: 3, first_ms: 60_000 })).status).toBe(504);
    expect(second.models()).toEqual([FIRST, SECOND]);
    const { tokens, requests } = await second.settled();
    expect([tokens > 0, requests]).toEqual([true, 1]);
  });

  it("is not charged with the usage of the model that failed before", async () => {
    const usage = { choices: [], usage: { prompt_tokens: 900, completion_tokens: 900 } };
    await useCatalog(withoutCounter(createSturdyCatalog({ windows: WINDOWS as never })));
    const control = new AbortController();
    const leave: Fault = () => {
      control.abort();
      return Promise.reject(new Error("the caller left"));
    };
    const user = await deploy({ [FIRST]: [streamOf(sse(usage), errorFrame("No."))], [SECOND]: [leave] });
    const body = { ...SLIM.body({ tokens: 12 }, true), model: ALIAS };
    await user.post(SLIM.path, body, { signal: control.signal }).catch(() => undefined);
    expect(user.models()).toEqual([FIRST, SECOND]);
    const spent = await user.settled();
    expect(spent.reserved).toBe(0);
    expect(spent.tokens).not.toBe(1800);
    // The model that was called last is charged: its estimate, at its own rates.
    const input = estimateOf(SLIM_RESPONSES, body);
    const usd = (input * SECOND_RATES.input + (spent.tokens - input) * SECOND_RATES.output) / 1e9;
    expect(dollarsOf(await user.usage())).toBeCloseTo(usd, 9);
  });
});

describe("a provider with a short retry-after", () => {
  it("is retried once, and so is its fallback", async () => {
    const busy = status(429, { "retry-after": "0.01" });
    const patient = await deploy({ [FIRST]: [busy] });
    expect((await patient.chat(false)).headers.get("weir-model")).toBe(FIRST);
    expect(patient.models()).toEqual([FIRST, FIRST]);
    const user = await deploy({ [FIRST]: [busy, busy], [SECOND]: [busy] });
    const response = await user.chat(false);
    expect([response.status, response.headers.get("weir-attempts")]).toEqual([200, "4"]);
    expect(user.models()).toEqual([FIRST, FIRST, SECOND, SECOND]);
  });

  it("is not retried when the caller leaves meanwhile, which costs a request", async () => {
    const waits = vi.spyOn(globalThis, "setTimeout");
    const user = await deploy({ [FIRST]: [status(503, { "retry-after": "2" })] });
    const control = new AbortController();
    const body = { ...SLIM.body({ tokens: 12 }, true), model: ALIAS };
    const asked = user.post(SLIM.path, body, { signal: control.signal });
    asked.catch(() => undefined);
    await repeatUntil(
      async () => waits.mock.calls,
      (seen) => seen.some(([, ms]) => ms === 2000),
    );
    waits.mockRestore();
    control.abort();
    await asked.catch(() => undefined);
    expect(await user.settled()).toEqual(ONLY_REQUESTS());
    expect(user.models()).toEqual([FIRST]);
  });
});

const failing = async (changes: object = {}) => {
  const user = await deploy({ [FIRST]: [status(500)] });
  const response = await user.chat(false, { tokens: 3 }, changes);
  return { models: user.models(), status: response.status, headers: response.headers };
};

describe("a fallback is skipped", () => {
  it.each([
    ["when the plan does not include it", [FIRST], [FIRST], 502],
    ["unless the plan includes it", [FIRST, "respondent"], [FIRST, SECOND], 200],
    ["unless the plan includes the alias that names it", [ALIAS], [FIRST, SECOND], 200],
  ])("%s", async (_what, models, asked, code) => {
    await useCatalog(createSturdyCatalog({ models }));
    expect(await failing()).toMatchObject({ models: asked, status: code });
  });
});
