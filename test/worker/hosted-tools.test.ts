import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Catalog } from "../../src/core/catalog/schema.ts";
import { UserQuota } from "../../src/index.ts";
import { dollarsOf } from "../support/caller.ts";
import { createUserOf } from "../support/providers.ts";
import { jsonBytes } from "../support/shown-input.ts";
import { asking, createSwitchedCatalog, look, PATH, respond, STORING } from "../support/switches.ts";
import { createUser, emulation, useCatalog } from "../support/workerd.ts";

/** Nano-dollars a token, of the card o4-mini. */
const INPUT_RATE = 1100;
const OUTPUT_RATE = 4400;
const TEMPLATE_TOKENS = 16;
const ALLOWANCE = 1024;
const CALL = { usd_per_call: 0.01, input_tokens_per_call: 500, fields: {} };
const CALL_NANO_USD = 10_000_000;
const SEARCH = { tools: [{ type: "web_search" }] };

const reserve = vi.spyOn(UserQuota.prototype, "reserve");
const boundOf = () => reserve.mock.calls[0]?.[2].bound;

/** The tests' catalog with those tools, and dollars. */
const useTools = (switches: Partial<Catalog["responses"]> = {}) =>
  useCatalog(
    createSwitchedCatalog(
      { hosted_tools: { web_search: CALL }, max_tool_calls: 3, ...switches },
      {
        windows: [
          { unit: "tokens", per: "month", limit: 10_000_000 },
          { unit: "requests", per: "month", limit: 10_000 },
          { unit: "usd", per: "month", limit: 10 },
        ],
      },
    ),
  );

beforeEach(async () => {
  await useTools();
  await emulation.zero();
});
afterEach(() => {
  reserve.mockClear();
});

describe("a tool that the provider runs", () => {
  it.each([
    ["by the catalog's limit", undefined, 3],
    ["by the caller's, where that is less", 2, 2],
    ["never more than by the catalog's", 10, 3],
  ])("is called so often at most: %s", async (_, asked, calls) => {
    const limit = asked === undefined ? {} : { max_tool_calls: asked };
    const body = asking({ tokens: 1 }, { ...SEARCH, ...limit });
    await respond(await createUser(), body);
    expect((await emulation.stats()).last?.body).toMatchObject({ ...SEARCH, max_tool_calls: calls });
    const shown = jsonBytes({ input: body.input, ...SEARCH }) + TEMPLATE_TOKENS + calls * 500;
    // After each call all is read again, with what the model may have said so far.
    const input = shown + calls * (shown + 2000);
    expect(boundOf()).toMatchObject({ input, inputNanoUsd: input * INPUT_RATE + calls * CALL_NANO_USD });
  });

  it.each([
    ["whole", false],
    ["streamed", true],
  ])("costs its price for each call beside the usage, %s", async (_, stream) => {
    for (const calls of [0, 2, 9]) {
      const user = await createUser();
      const response = await user.post(
        PATH,
        asking({ tokens: 5, tool_calls: calls, reasoning: 2 }, { ...SEARCH, stream }),
      );
      const text = await response.text();
      expect(response.status, text).toBe(200);
      const input = Number(/"input_tokens":(\d+)/.exec(text)?.[1]);
      expect(await user.settled()).toEqual({ tokens: input + 7, requests: 1, reserved: 0 });
      const usd = (input * INPUT_RATE + 7 * OUTPUT_RATE + Math.min(calls, 3) * CALL_NANO_USD) / 1e9;
      expect(dollarsOf(await user.usage())).toBeCloseTo(usd, 9);
    }
  });

  it("costs its price when the answer breaks off, for each call that was heard of", async () => {
    const user = await createUser();
    const script = { tokens: 20, cut_after: 5, delay_ms: 1, tool_calls: 2 };
    const body = asking(script, { ...SEARCH, stream: true });
    await (await user.post(PATH, body)).text();
    const input = Math.ceil(jsonBytes({ input: body.input, ...SEARCH }) / 4) + 2 * CALL.input_tokens_per_call;
    const output = 6 + ALLOWANCE;
    expect(await user.settled()).toEqual({ tokens: input + output, requests: 1, reserved: 0 });
    const usd = (input * INPUT_RATE + output * OUTPUT_RATE + 2 * CALL_NANO_USD) / 1e9;
    expect(dollarsOf(await user.usage())).toBeCloseTo(usd, 9);
  });

  it("costs its price when the answer went on in the background", async () => {
    await useTools(STORING);
    const user = await createUser();
    const body = asking({ tokens: 5, tool_calls: 2 }, { ...SEARCH, store: true, background: true });
    const { id } = await respond(user, body);
    const { body: answer } = await look(user, id);
    const { input_tokens: input = NaN, output_tokens: output = NaN } = answer.usage ?? {};
    expect(await user.settled()).toEqual({ tokens: input + output, requests: 1, reserved: 0 });
    const usd = (input * INPUT_RATE + output * OUTPUT_RATE + 2 * CALL_NANO_USD) / 1e9;
    expect(dollarsOf(await user.usage())).toBeCloseTo(usd, 9);
  });

  it("is bounded by the dearest of several", async () => {
    const dear = { usd_per_call: 0.02, input_tokens_per_call: 100 };
    const fields = { vector_store_ids: ["vs_1"] };
    await useTools({ hosted_tools: { web_search: CALL, file_search: { ...dear, fields } } });
    const body = asking({ tokens: 1 }, { tools: [{ type: "web_search" }, { type: "file_search" }] });
    await respond(await createUser(), body);
    const tools = [{ type: "web_search" }, { ...fields, type: "file_search" }];
    expect((await emulation.stats()).last?.body).toMatchObject({ tools });
    const shown = jsonBytes({ input: body.input, tools }) + TEMPLATE_TOKENS + 3 * 500;
    const input = shown + 3 * (shown + 2000);
    expect(boundOf()).toMatchObject({ input, inputNanoUsd: input * INPUT_RATE + 3 * 2 * CALL_NANO_USD });
  });

  it("is configured by the catalog, not by the caller", async () => {
    const user = await createUser();
    const tools = [{ type: "web_search", filters: { allowed_domains: ["weir.test"] } }];
    const response = await user.post(PATH, asking({ tokens: 1 }, { tools }));
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      error: { code: "unsupported_parameter", param: "tools.0.filters" },
    });
    expect(reserve).not.toHaveBeenCalled();
  });

  it("that its dollars do not pay for is a 429, and nothing is sent", async () => {
    const catalog = createSwitchedCatalog(
      { hosted_tools: { web_search: CALL }, max_tool_calls: 3 },
      { windows: [{ unit: "usd", per: "month", limit: 0.029 }] },
    );
    await useCatalog(catalog);
    const user = await createUser();
    expect((await user.post(PATH, asking({ tokens: 1 }, SEARCH))).status).toBe(429);
    expect((await emulation.stats()).by_path).not.toHaveProperty(PATH);
  });
});

it("functions of the caller's own are bounded by their text alone", async () => {
  const tools = [{ type: "function", name: "look", parameters: {}, strict: false }];
  const body = asking({ tokens: 1 }, { tools });
  await respond(await createUser(), body);
  expect((await emulation.stats()).last?.body).not.toHaveProperty("max_tool_calls");
  expect(boundOf()).toMatchObject({ input: jsonBytes({ input: body.input, tools }) + TEMPLATE_TOKENS });
});

it("a prompt that the provider keeps is bounded by what the catalog says of it", async () => {
  await useTools({ prompts: { pmpt_1: { input_tokens: 700 } } });
  const prompt = { id: "pmpt_1", variables: { name: "weir" } };
  const usage = { input_tokens: 300, output_tokens: 5, total_tokens: 305 };
  const user = await createUserOf(async () => Response.json({ id: "resp_1", status: "completed", output: [], usage }));
  const body = { model: "o4-mini", input: "Hi", prompt };
  await respond(user, body);
  expect(boundOf()).toMatchObject({
    input: jsonBytes({ input: "Hi", prompt }) + jsonBytes(prompt.variables) + TEMPLATE_TOKENS + 700,
  });
  expect(await user.settled()).toEqual({ tokens: 305, requests: 1, reserved: 0 });
});
