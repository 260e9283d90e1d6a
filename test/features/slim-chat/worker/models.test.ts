// The model behind POST /chat: aliases, the canary, missing capabilities, and shutdowns.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { isInCanary } from "../../../../src/core/catalog/canary.ts";
import { resetCatalogForTests } from "../../../../src/core/catalog/store.ts";
import type { Plan } from "../../../../src/core/catalog/schema.ts";
import { errorOf, NOTHING } from "../../../support/caller.ts";
import { createCatalog, createCatalogOf } from "../../../support/catalog.ts";
import { createLaterCatalog, laterDay } from "../../../support/dated-catalog.ts";
import { emulate } from "../../../support/emulation.ts";
import { TEMPLATE_TOKENS } from "../../../support/estimate.ts";
import { shownBytes } from "../../../support/shown-input.ts";
import { bindings, createUser, emulation, useCatalog } from "../../../support/workerd.ts";

const SNAPSHOT = "o4-mini-2025-04-16";
const QUESTION = emulate({ tokens: 1 });
const INSTRUCTIONS = "You are a tutor — never tell the answer.";
const FIXED = { role: "system", content: INSTRUCTIONS };
const USER = { role: "user", content: QUESTION };

/** Sends a chat of a new user. */
async function chat(model: string, changes: object = {}) {
  const user = await createUser();
  const response = await user.post("/chat", { model, input: QUESTION, stream: false, ...changes });
  return { user, response };
}

/** The provider's body of a chat, which must succeed. */
async function forwarded(model: string, changes: object = {}) {
  const { response } = await chat(model, changes);
  expect(response.status, await response.text()).toBe(200);
  return (await emulation.stats()).last?.body ?? {};
}

beforeEach(emulation.zero);
afterEach(() => {
  vi.useRealTimers();
});

/** The tests' catalog with the alias `tutor`. */
const useTutor = (fixes: object, plan: Partial<Plan> = {}) => {
  const catalog = createCatalogOf(plan);
  return useCatalog({ ...catalog, aliases: { ...catalog.aliases, tutor: { target: "o4-mini", ...fixes } } });
};

describe("an alias of an app", () => {
  it("sends its instructions before the caller's own, and bounds them", async () => {
    const windows: Plan["windows"] = [
      { unit: "tokens", per: "month", limit: shownBytes({ messages: [FIXED, USER] }) + TEMPLATE_TOKENS + 300 },
    ];
    await useTutor({ instructions: INSTRUCTIONS }, { windows });
    expect(await forwarded("tutor")).toMatchObject({
      model: SNAPSHOT,
      messages: [FIXED, USER],
      max_completion_tokens: 300,
    });
    await useTutor({ instructions: INSTRUCTIONS });
    const { messages } = await forwarded("tutor", { instructions: "You are a pirate." });
    expect(messages).toEqual([FIXED, { role: "system", content: "You are a pirate." }, USER]);
  });

  it("can be the only model of a plan, so that no caller avoids its instructions", async () => {
    await useTutor({ instructions: INSTRUCTIONS }, { models: ["tutor"] });
    expect((await forwarded("tutor")).messages).toEqual([FIXED, USER]);
    for (const model of ["o4-mini", "default", SNAPSHOT]) {
      const { response } = await chat(model);
      expect(response.status, model).toBe(403);
      expect((await errorOf(response)).message).toContain("It includes: tutor.");
    }
  });
});

/** The tests' catalog with the model `plain`. */
const usePlain = () => {
  const catalog = createCatalog();
  const { "o4-mini": able } = catalog.cards;
  const plain = {
    ...able,
    name: "plain",
    compare: [],
    reasoning: { efforts: ["low"], allowance: 0 },
    modalities: { input: ["text"], output: ["text"] },
    features: [],
    snapshots: { "emulated-plain": {} },
  };
  const aliases = { ...catalog.aliases, plain: { target: "emulated-plain", strict: false, fallback: [] } };
  return useCatalog({ ...catalog, cards: { ...catalog.cards, plain }, aliases });
};

it("users in the canary get its revision and plans, all others the active revision", async () => {
  const active = await useCatalog(createCatalog());
  const trial = createCatalogOf({ max_output_tokens: 77 });
  await bindings.CATALOG.put("catalog:rev:trial", JSON.stringify(trial));
  const canary = { revision: "trial", percent: 50, salt: "a" };
  await bindings.CATALOG.put("catalog:current", JSON.stringify({ active, canary }));
  resetCatalogForTests();
  const granted = await Promise.all(
    Array.from({ length: 16 }, async () => {
      const { user, response } = await chat("o4-mini");
      const isChosen = await isInCanary(canary, { issuer: "weir", subject: user.subject });
      expect(response.headers.get("weir-revision")).toBe(isChosen ? "trial" : active);
      return [isChosen, response.headers.get("weir-max-output-tokens")].join();
    }),
  );
  expect(new Set(granted)).toEqual(new Set(["true,77", "false,2000"]));
});

describe("a model that can only chat", () => {
  const image = { type: "image", url: "https://example.com/a.png" };

  it.each([
    ["tools", { tools: [{ name: "look" }] }, "unsupported_parameter", "tools"],
    ["an image", { input: [{ role: "user", content: [image] }] }, "unsupported_value", "input"],
    ["a stream", { stream: true }, "unsupported_value", "stream"],
  ])("refuses %s with the names of models that support it, at no cost", async (_, changes, code, param) => {
    await usePlain();
    const { user, response } = await chat("plain", changes);
    expect(response.status).toBe(400);
    const error = await errorOf(response);
    expect(error).toMatchObject({ type: "invalid_request_error", code, param });
    expect(error.message).toMatch(/Models that do: .*\bo4-mini\b/);
    expect(await user.settled()).toEqual(NOTHING);
    expect((await emulation.stats()).requests).toBe(0);
    await forwarded("plain", { instructions: "Answer briefly.", tools: [] });
  });
});

/** Sets the date. */
const travelTo = (day: string, time = "12:00:00.000") =>
  vi.useFakeTimers({ toFake: ["Date"], now: Date.parse(`${laterDay(day)}T${time}Z`) });

describe("a model with a shutdown date", () => {
  const ENDS = "2026-10-23";
  const SUNSET = new Date(laterDay(ENDS)).toUTCString();
  const DEPRECATION = `@${Date.parse(laterDay("2026-04-22")) / 1000}`;
  beforeEach(() => useCatalog(createLaterCatalog()));

  it.each([
    ["by its snapshot on its last day", "2026-10-22", "23:59:59.999", SNAPSHOT],
    ["by its successor from the shutdown date on", ENDS, "00:00:00.000", "gpt-5-mini-2025-08-07"],
    ["by the next successor after the first one's shutdown", "2026-12-11", "00:00:00.000", "gpt-6.1-terra"],
  ])("is answered under its alias %s, with the dates in the headers", async (_, day, time, answering) => {
    travelTo(day, time);
    const { response } = await chat("o4-mini");
    expect(response.status, await response.text()).toBe(200);
    expect((await emulation.stats()).last?.body.model).toBe(answering);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "weir-model": answering,
      sunset: SUNSET,
      deprecation: DEPRECATION,
    });
  });

  it("is a 404 by its snapshot from then on, with the successor's name", async () => {
    travelTo(ENDS, "00:00:00.000");
    const { user, response } = await chat(SNAPSHOT);
    expect(response.status).toBe(404);
    expect(Object.fromEntries(response.headers)).toMatchObject({ sunset: SUNSET, deprecation: DEPRECATION });
    const error = await errorOf(response);
    expect(error).toMatchObject({ type: "invalid_request_error", code: "model_not_found", param: "model" });
    expect(error.message).toContain("'gpt-5-mini'");
    expect((await emulation.stats()).requests).toBe(0);
    expect(await user.settled()).toEqual(NOTHING);
  });
});
