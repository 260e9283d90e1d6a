import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { UserQuota } from "../../src/index.ts";
import { toAlias } from "../support/catalog.ts";
import { emulate } from "../support/emulation.ts";
import { ALIAS, createSturdyCatalog, FIRST, SECOND, SECOND_RATES, status, THIRD } from "../support/fallbacks.ts";
import type { Fault } from "../support/providers.ts";
import { createUserOf, failingProvider } from "../support/providers.ts";
import { jsonBytes } from "../support/shown-input.ts";
import { OPENAI, SLIM } from "../support/surface.ts";
import { emulation, useCatalog } from "../support/workerd.ts";

const reserve = vi.spyOn(UserQuota.prototype, "reserve");
const QUESTION = emulate({ tokens: 3 });
const TEMPLATE_TOKENS = 16;
const tokens = { unit: "tokens", per: "month", limit: 1_000_000 } as const;

/** Asks by the alias while the first one's provider fails, unless told otherwise. */
async function ask(
  changes: object = {},
  faults: Record<string, Fault[]> = { [FIRST]: [status(500)] },
  path = SLIM.path,
) {
  const { provider, asked } = failingProvider(faults);
  const user = await createUserOf(provider);
  const question =
    path === SLIM.path ? { input: QUESTION, stream: false } : { messages: [{ role: "user", content: QUESTION }] };
  const response = await user.post(path, { model: ALIAS, ...question, ...changes });
  const text = await response.text();
  const spent = await user.settled();
  return { response, text, asked, models: asked.map(({ model }) => model), spent };
}

beforeEach(async () => {
  await useCatalog(createSturdyCatalog());
  await emulation.zero();
});
afterEach(() => {
  reserve.mockClear();
});

describe("a fallback is left out", () => {
  it("where a window counts only the fallback's card", async () => {
    await useCatalog(createSturdyCatalog({ windows: [tokens, { ...tokens, models: ["respondent"] }] }));
    expect((await ask()).models).toEqual([FIRST, THIRD]);
  });

  it("where none is left, so that the first one's error is told", async () => {
    await useCatalog(createSturdyCatalog({ windows: [tokens, { ...tokens, models: ["respondent", "gpt-5-mini"] }] }));
    const { models, response, spent } = await ask();
    expect(models).toEqual([FIRST]);
    expect(response.status).toBe(502);
    expect(response.headers.get("weir-attempts")).toBe("1");
    expect(spent).toEqual({ tokens: 0, requests: 0, reserved: 0 });
  });

  it("where it cannot do all of the request in the dialect of the caller, and not where it can in another", async () => {
    const catalog = createSturdyCatalog();
    const aliases = { ...catalog.aliases, [ALIAS]: toAlias(FIRST, { fallback: ["gpt-6.1-terra"] }) };
    await useCatalog({ ...catalog, aliases });
    const tool = { name: "look", parameters: { type: "object", properties: {} } };
    const chat = await ask({ tools: [{ type: "function", function: tool }] }, undefined, OPENAI.path);
    expect(chat.models).toEqual([FIRST]);
    expect(chat.response.status).toBe(502);
    const slim = await ask({ tools: [tool] });
    expect(slim.response.status, slim.text).toBe(200);
    expect(slim.asked).toEqual([
      { path: "/v1/chat/completions", model: FIRST },
      { path: "/v1/responses", model: "gpt-6.1-terra" },
    ]);
  });

  it("when it has ended", async () => {
    const catalog = createSturdyCatalog();
    const { respondent } = catalog.cards;
    const snapshots = { [SECOND]: { shutdown_date: "2026-01-01" } };
    await useCatalog({ ...catalog, cards: { ...catalog.cards, respondent: { ...respondent, snapshots } } });
    expect((await ask()).models).toEqual([FIRST, THIRD]);
  });
});

describe("a plan that names its models and not the alias", () => {
  it.each([
    ["keeps a fallback out that it does not include", [FIRST], [FIRST], 502],
    ["lets one in that it includes", [FIRST, "respondent"], [FIRST, SECOND], 200],
  ])("%s", async (_what, models, asked, status) => {
    await useCatalog(createSturdyCatalog({ models }));
    const answered = await ask();
    expect(answered.models).toEqual(asked);
    expect(answered.response.status).toBe(status);
  });
});

describe("a fallback is asked", () => {
  it("where the windows count both cards", async () => {
    const models = ["o4-mini", "respondent", "gpt-5-mini", "gpt-6.1-terra"];
    await useCatalog(createSturdyCatalog({ windows: [{ ...tokens, models }] }));
    expect((await ask()).models).toEqual([FIRST, SECOND]);
  });

  it("where the plan includes the alias that names it", async () => {
    await useCatalog(createSturdyCatalog({ models: [ALIAS] }));
    expect((await ask()).models).toEqual([FIRST, SECOND]);
  });

  it("with what the alias fixes, and not with what its own alias does", async () => {
    const catalog = createSturdyCatalog();
    const { aliases } = catalog;
    const respondent = toAlias(SECOND, { instructions: "You are a pirate.", max_output_tokens: 16 });
    const sturdy = { ...aliases[ALIAS], instructions: "Answer briefly.", max_output_tokens: 300 };
    await useCatalog({ ...catalog, aliases: { ...aliases, respondent, [ALIAS]: sturdy } });
    const { response, models } = await ask();
    expect(response.status).toBe(200);
    expect(models).toEqual([FIRST, SECOND]);
    expect(response.headers.get("weir-max-output-tokens")).toBe("300");
    expect((await emulation.stats()).last?.body).toMatchObject({
      instructions: "Answer briefly.",
      max_output_tokens: 300,
    });
  });

  it("not when a snapshot was asked for by its name", async () => {
    const { models, response } = await ask({ model: FIRST });
    expect(models).toEqual([FIRST]);
    expect(response.status).toBe(502);
  });
});

it("the one reservation is wide enough for the dearest of those who may be asked", async () => {
  await useCatalog(createSturdyCatalog({ windows: [{ unit: "usd", per: "month", limit: 10 }] }));
  expect((await ask({}, {})).models).toEqual([FIRST]);
  expect(reserve).toHaveBeenCalledTimes(1);
  expect(reserve.mock.calls[0]?.[2].bound).toMatchObject({
    inputNanoUsd: (jsonBytes({ input: QUESTION }) + TEMPLATE_TOKENS) * SECOND_RATES.input,
    outputNanoUsd: SECOND_RATES.output,
  });
});

it("without a fallback, a provider that asks for a short wait is asked once more", async () => {
  const { models, response } = await ask({ model: "o4-mini" }, { [FIRST]: [status(429, { "retry-after": "0" })] });
  expect(models).toEqual([FIRST, FIRST]);
  expect(response.status).toBe(200);
  expect(response.headers.get("weir-attempts")).toBe("2");
  const busy = status(429, { "retry-after": "0" });
  const again = await ask({ model: "o4-mini" }, { [FIRST]: [busy, busy] });
  expect(again.models).toEqual([FIRST, FIRST]);
  expect(again.response.status).toBe(503);
  expect(again.spent).toEqual({ tokens: 0, requests: 0, reserved: 0 });
});
