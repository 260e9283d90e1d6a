import { runDurableObjectAlarm } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { UserQuota } from "../../src/index.ts";
import type { Caller } from "../support/caller.ts";
import { dollarsOf, errorOf } from "../support/caller.ts";
import { createCatalog, createCatalogOf } from "../support/catalog.ts";
import { readUntil } from "../support/events.ts";
import { saidIn } from "../support/random-streams.ts";
import type { Surface } from "../support/surface.ts";
import { ask, OPENAI, PACES, SLIM } from "../support/surface.ts";
import { createUser, emulation, useCatalog } from "../support/workerd.ts";

/** Nano-dollars a token, of the card o4-mini. */
const INPUT_RATE = 1100;
const OUTPUT_RATE = 4400;
const ALLOWANCE = 1024;
const TEMPLATE_TOKENS = 16;
const PLAN_OUTPUT = 2000;

/** Those tokens in dollars. */
const priceOf = (input: number, output: number) => (input * INPUT_RATE + output * OUTPUT_RATE) / 1e9;

/** The tests' catalog with so many dollars a month in its default plan. */
const useDollars = (limit: number) =>
  useCatalog(
    createCatalogOf({
      windows: [
        { unit: "tokens", per: "month", limit: 10_000_000 },
        { unit: "requests", per: "month", limit: 10_000 },
        { unit: "usd", per: "month", limit },
      ],
    }),
  );

async function spent(user: Caller) {
  const tally = await user.settled();
  return { ...tally, usd: dollarsOf(await user.usage()) };
}
/** The tokens of an answer without usage that has said that many. */
const estimateOf = (inputBytes: number, said: number) => Math.ceil(inputBytes / 4) + said + ALLOWANCE;
const NOTHING = { tokens: 0, requests: 0, reserved: 0, usd: 0 };

beforeEach(async () => {
  await useDollars(10);
  await emulation.zero();
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

interface SlimUsage {
  usage: { input: number; output: number; usd: number };
  left: Record<string, number>;
}

it("an answer costs exactly the card's price, which it tells", async () => {
  const user = await createUser();
  const response = await ask(user, SLIM, { tokens: 25, reasoning: 100 }, false);
  const { usage, left } = (await response.json()) as SlimUsage;
  const usd = priceOf(usage.input, usage.output);
  expect(usage.usd).toBe(usd);
  expect(left["usd/month"]).toBeCloseTo(10 - usd, 9);
  expect(await spent(user)).toMatchObject({ requests: 1, reserved: 0, usd });
});

describe.each(PACES)("on %s", (_, surface) => {
  it.each([
    ["without usage", { text: "abcd".repeat(100), no_usage: true }, 100],
    // The first five words of filler have 23 letters.
    ["that breaks off with an error", { tokens: 20, delay_ms: 1, error_after: 5, no_usage: true }, 6],
    ["that breaks off with the connection", { tokens: 20, delay_ms: 1, cut_after: 5 }, 6],
  ])("an answer %s costs a quarter of the bytes, and the model's allowance", async (_kind, script, said) => {
    const user = await createUser();
    const body = surface.body(script, true);
    const response = await user.post(surface.path, body);
    expect(response.status).toBe(200);
    await response.text();
    const input = Math.ceil(surface.shown(body) / 4);
    const output = said + ALLOWANCE;
    expect(await spent(user)).toEqual({
      tokens: input + output,
      requests: 1,
      reserved: 0,
      usd: priceOf(input, output),
    });
  });

  it("an answer that its provider leaves unfinished costs a quarter of the bytes, and the model's allowance", async () => {
    await useCatalog(createCatalog({ idle_ms: 60 }));
    const user = await createUser();
    const body = surface.body({ tokens: 20, stall_after: 5 }, true);
    await (await user.post(surface.path, body)).text();
    expect((await user.settled()).tokens).toBe(estimateOf(surface.shown(body), 6));
  });

  it("an answer that takes too long costs at least a quarter of the bytes that came, and the model's allowance", async () => {
    await useCatalog(createCatalog({ total_ms: 150 }));
    const user = await createUser();
    const body = surface.body({ tokens: 2000, delay_ms: 1 }, true);
    const text = await (await user.post(surface.path, body)).text();
    const said = Math.ceil(saidIn(text).length / 4);
    expect(said).toBeGreaterThan(20);
    expect((await user.settled()).tokens).toBeGreaterThanOrEqual(estimateOf(surface.shown(body), said));
  });

  it("an answer whose caller leaves costs a quarter of the bytes, and the model's allowance", async () => {
    await useCatalog(createCatalog());
    const user = await createUser();
    const body = surface.body({ tokens: 20, stall_after: 5 }, true);
    const response = await user.post(surface.path, body);
    const reader = await readUntil(response.body, ' low"');
    await reader.cancel();
    expect((await user.settled()).tokens).toBe(estimateOf(surface.shown(body), 6));
  });

  it("a provider that refuses costs no dollars", async () => {
    const user = await createUser();
    await (await ask(user, surface, { status: 500 })).text();
    expect(await spent(user)).toEqual(NOTHING);
  });

  it("what is left in dollars bounds the output, which the answer and the provider are told", async () => {
    const body = surface.body({ tokens: 1000 }, true);
    const input = surface.shown(body) + TEMPLATE_TOKENS;
    await useDollars(priceOf(input, 300.5));
    const user = await createUser();
    const response = await user.post(surface.path, body);
    await response.text();
    expect(response.status).toBe(200);
    expect(response.headers.get("weir-max-output-tokens")).toBe("300");
    expect((await emulation.stats()).last?.body[surface.bound]).toBe(300);
    const { usd } = await spent(user);
    expect(usd).toBeGreaterThan(priceOf(0, 300));
    expect(usd).toBeLessThanOrEqual(priceOf(input, 300));
  });

  it("dollars that do not pay for the least output are a 429, and nothing is sent", async () => {
    const body = surface.body({ tokens: 1 }, true);
    const input = surface.shown(body) + TEMPLATE_TOKENS;
    const catalog = createCatalogOf({ windows: [{ unit: "usd", per: "month", limit: priceOf(input, 255.9) }] });
    const providers = Object.entries(catalog.providers).map(([name, one]) => [name, { ...one, counts_input: false }]);
    await useCatalog({ ...catalog, providers: Object.fromEntries(providers) });
    const user = await createUser();
    const response = await user.post(surface.path, body);
    expect(response.status).toBe(429);
    expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
    const error = await errorOf(response);
    expect(error).toMatchObject({ type: "insufficient_quota", code: "insufficient_quota" });
    expect(error.message).toContain("usd per month");
    expect(dollarsOf(await user.usage())).toBe(0);
    expect((await emulation.stats()).requests).toBe(0);
  });

  it("dollars that are used up are a 429", async () => {
    // Room for one small answer, whose price leaves too little for the next.
    const script = { tokens: 200 };
    const body = { ...surface.body(script, true), ...capOf(surface, 300) };
    const input = surface.shown(body) + TEMPLATE_TOKENS;
    await useDollars(priceOf(input, 300));
    const user = await createUser();
    const first = await user.post(surface.path, body);
    expect(first.status).toBe(200);
    await first.text();
    const before = await spent(user);
    expect((await user.post(surface.path, body)).status).toBe(429);
    expect(await spent(user)).toEqual(before);
  });
});

const capOf = ({ path }: Surface, tokens: number) =>
  path === OPENAI.path ? { max_completion_tokens: tokens } : { max_output_tokens: tokens };

it("an answer whose settlement is lost costs its bound when the lease ends, and what it says when it comes late", async () => {
  const settle = vi.spyOn(UserQuota.prototype, "settle");
  settle.mockImplementationOnce(() => {
    throw new Error("lost");
  });
  const user = await createUser();
  const body = SLIM.body({ tokens: 10 }, true);
  const response = await user.post(SLIM.path, body);
  expect(SLIM.failure(await response.text())).toBeUndefined();
  expect(await user.usage()).toMatchObject({ leases: { running: 1 } });

  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 691_000 });
  expect(await runDurableObjectAlarm(user.quota)).toBe(true);
  const input = SLIM.shown(body) + TEMPLATE_TOKENS;
  const bound = { tokens: input + PLAN_OUTPUT, requests: 1, reserved: 0, usd: priceOf(input, PLAN_OUTPUT) };
  expect(await spent(user)).toEqual(bound);

  const [limits, settlement] = settle.mock.calls[0] ?? [];
  if (!limits || !settlement) throw new Error("nothing was settled");
  const { tokens, usd } = settlement.charge;
  for (const charge of [settlement.charge, { tokens: 0, requests: 0, usd: 0 }]) {
    await user.quota.settle(limits, { ...settlement, charge });
    expect(await spent(user)).toEqual({ tokens, requests: 1, reserved: 0, usd: usd / 1e9 });
  }
});
