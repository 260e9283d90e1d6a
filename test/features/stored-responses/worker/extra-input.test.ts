// Input that the provider adds: previous responses and hosted tools, in bound and cost.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { UserQuota } from "../../../../src/core/quota/user-quota.ts";
import type { ResponsesSwitches } from "../../../../src/features/stored-responses/catalog.ts";
import { dollarsOf, errorOf, ONLY_REQUESTS } from "../../../support/caller.ts";
import { priceOf, TEMPLATE_TOKENS } from "../../../support/estimate.ts";
import { jsonBytes } from "../../../support/shown-input.ts";
import { createUser, emulation, useCatalog } from "../../../support/workerd.ts";
import { asking, COUNTER, createSwitchedCatalog, LATER, look, PATH, respond, STORING } from "../support/stored.ts";

const LONG = "The river is long. ".repeat(100);
const CALL = { usd_per_call: 0.01, input_tokens_per_call: 500, fields: {} };
const CALL_NANO_USD = 10_000_000;
const SEARCH = { tools: [{ type: "web_search" }] };

const windows = [
  { unit: "tokens", per: "month", limit: 10_000_000 },
  { unit: "requests", per: "month", limit: 10_000 },
  { unit: "usd", per: "month", limit: 10 },
] as const;
const use = (switches: Partial<ResponsesSwitches>) =>
  useCatalog(createSwitchedCatalog({ max_tool_calls: 3, ...switches }, { windows: [...windows] }));

let boundOf: () => { input: number } | undefined;

beforeEach(async () => {
  await use({ ...STORING, hosted_tools: { web_search: CALL, image_generation: CALL } });
  await emulation.zero();
  const reserve = vi.spyOn(UserQuota.prototype, "reserve");
  boundOf = () => reserve.mock.calls.at(-1)?.[2].bound;
});
afterEach(() => void vi.restoreAllMocks());

const next = (previous: string, changes: object = {}) =>
  asking({ tokens: 2 }, { previous_response_id: previous, ...changes });

it("a request with a prompt needs no input and no model, and one without needs its input", async () => {
  await use({ prompts: { pmpt_plain: { input_tokens: 900 } } });
  const user = await createUser();
  const { model } = await respond(user, { prompt: { id: "pmpt_plain" } });
  expect(model).toBe("o4-mini-2025-04-16");
  expect(boundOf()?.input).toBeGreaterThan(900);
  for (const body of [{ model: "o4-mini" }, { model: "o4-mini", prompt: null }]) {
    const response = await user.post(PATH, body);
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ param: "input", message: "'input' is required." });
  }
});

describe("a previous response", () => {
  it("is refused when it is another user's", async () => {
    const { id } = await respond(await createUser(), asking({ tokens: 1 }, { store: true }));
    await emulation.zero();
    const other = await createUser();
    for (const [path, previous] of [
      [PATH, id],
      [PATH, "resp_unknown"],
      [PATH, "../models"],
      [COUNTER, id],
    ] as const) {
      const response = await other.post(path, next(previous));
      expect(response.status, path).toBe(400);
      const error = await errorOf(response);
      expect(error).toMatchObject({ code: "previous_response_not_found", param: "previous_response_id" });
    }
    expect(await other.settled()).toEqual(ONLY_REQUESTS(4));
    expect((await emulation.stats()).by_path).toEqual({ [`${PATH}/:id`]: 3 });
  });

  it.each([false, true])("is bounded by the provider's count (stream: %s)", async (stream) => {
    const user = await createUser();
    const first = await respond(user, { model: "o4-mini", input: LONG, store: true });
    await emulation.zero();
    const before = await user.settled();
    const response = await user.post(PATH, next(first.id, { stream }));
    const text = await response.text();
    expect(response.status, text).toBe(200);
    expect((await emulation.stats()).by_path).toEqual({ [`${PATH}/:id`]: 1, [COUNTER]: 1, [PATH]: 1 });
    const counted = Number(/"input_tokens":(\d+)/.exec(text)?.[1]);
    expect(counted).toBeGreaterThan(400);
    expect(boundOf()?.input).toBe(counted + TEMPLATE_TOKENS);
    const total = Number(/"total_tokens":(\d+)/.exec(text)?.[1]);
    expect(await user.settled()).toEqual({
      tokens: before.tokens + total,
      requests: before.requests + 3,
      reserved: 0,
    });
  });

  it("costs its exact count in an estimate", async () => {
    const user = await createUser();
    const { id } = await respond(user, { model: "o4-mini", input: LONG, store: true });
    const body = asking({ text: "A weir.", no_usage: true, reasoning: 0 }, { previous_response_id: id });
    const { input_tokens: counted } = (await (await user.post(COUNTER, body)).json()) as { input_tokens: number };
    const before = await user.settled();
    await respond(user, body);
    const { tokens } = await user.settled();
    expect(tokens - before.tokens).toBe(counted + TEMPLATE_TOKENS + Math.ceil("A weir.".length / 2));
  });
});

describe("a hosted tool", () => {
  it.each([
    ["the catalog's limit", {}, 3],
    ["the caller's lower limit", { max_tool_calls: 2 }, 2],
  ])("runs at most as often as %s", async (_, limit, calls) => {
    const body = asking({ tokens: 1 }, { ...SEARCH, ...limit });
    await respond(await createUser(), body);
    expect((await emulation.stats()).last?.body).toMatchObject({ ...SEARCH, max_tool_calls: calls });
    const shown = jsonBytes({ input: body.input, ...SEARCH }) + TEMPLATE_TOKENS + calls * 500;
    // Each call reads the whole input again, and the output so far.
    const input = shown + calls * (shown + 2000);
    expect(boundOf()).toMatchObject({ input, inputNanoUsd: input * 1100 + calls * CALL_NANO_USD });
  });

  it.each([true, false])("costs its price for each call and the usage (stream: %s)", async (stream) => {
    for (const calls of [0, 2]) {
      const user = await createUser();
      const script = { tokens: 5, tool_calls: calls, reasoning: 2 };
      const text = await (await user.post(PATH, asking(script, { ...SEARCH, stream }))).text();
      const input = Number(/"input_tokens":(\d+)/.exec(text)?.[1]);
      expect(await user.settled()).toEqual({ tokens: input + 7, requests: 1, reserved: 0 });
      expect(dollarsOf(await user.usage())).toBeCloseTo(priceOf(input, 7) + calls * 0.01, 9);
    }
  });

  it("costs its price in a background answer", async () => {
    const user = await createUser();
    const { id } = await respond(user, asking({ tokens: 5, tool_calls: 2 }, { ...SEARCH, ...LATER }));
    const { usage } = (await look(user, id)).body;
    const { input_tokens: input = NaN, output_tokens: output = NaN } = usage ?? {};
    expect(await user.settled()).toEqual({ tokens: input + output, requests: 1 + 1, reserved: 0 });
    expect(dollarsOf(await user.usage())).toBeCloseTo(priceOf(input, output) + 0.02, 9);
  });
});
