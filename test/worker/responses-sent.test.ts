// What of a request to Responses reaches the provider, what of it is counted, and what the provider does not have.

import { beforeEach, describe, expect, it } from "vitest";
import { errorOf } from "../support/caller.ts";
import { RESPONDENT } from "../support/catalog.ts";
import { emulate } from "../support/emulation.ts";
import { ALIAS, createSturdyCatalog, FIRST } from "../support/fallbacks.ts";
import { createUserOf, failingProvider } from "../support/providers.ts";
import { OPENAI, RESPONSES, SLIM } from "../support/surface.ts";
import { asking, createSwitchedCatalog, PATH, respond } from "../support/switches.ts";
import { createUser, emulation, useCatalog } from "../support/workerd.ts";

const NOTHING = { tokens: 0, requests: 0, reserved: 0 };
const ALLOWANCE = 1024;
const CALL = { usd_per_call: 0.01, input_tokens_per_call: 500, fields: {} };
const LONG = "The river is long. ".repeat(100);

beforeEach(async () => {
  await useCatalog(createSwitchedCatalog({ store: true, hosted_tools: { web_search: CALL, image_generation: CALL } }));
  await emulation.zero();
});

const sent = async () => (await emulation.stats()).last?.body;

describe("a tool that the provider runs", () => {
  it("is sent with the fields that the catalog gives it", async () => {
    const fields = { search_context_size: "low" };
    await useCatalog(createSwitchedCatalog({ hosted_tools: { web_search: { ...CALL, fields } } }));
    await respond(await createUser(), asking({ tokens: 1 }, { tools: [{ type: "web_search" }] }));
    expect(await sent()).toMatchObject({ tools: [{ type: "web_search", ...fields }] });
  });

  it("is a 400 where the model's card does not list it, and nothing is sent", async () => {
    const user = await createUser();
    const body = asking({ tokens: 1 }, { model: "o3", tools: [{ type: "image_generation" }] });
    const response = await user.post(PATH, body);
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ code: "unsupported_value", param: "tools" });
    expect(await user.settled()).toEqual(NOTHING);
    expect((await emulation.stats()).requests).toBe(0);
  });
});

it.each([true, false])(
  "a slim limit that Responses would refuse is the least that it takes (stream: %s)",
  async (stream) => {
    const user = await createUser();
    const body = { model: RESPONDENT, input: emulate({ tokens: 3 }), max_output_tokens: 8, stream };
    const response = await user.post(SLIM.path, body);
    const text = await response.text();
    expect(response.status, text).toBe(200);
    expect(await sent()).toMatchObject({ max_output_tokens: 16 });
    expect(await user.settled()).toMatchObject({ requests: 1, reserved: 0 });
  },
);

it("what was thought is sent on only where it is there, and not where it is only named", async () => {
  const told = { type: "reasoning", id: "rs_1", summary: [], encrypted_content: "gAAA" };
  const named = { type: "reasoning", id: "rs_2", summary: [] };
  const user = await createUserOf(async (request) => {
    expect(await request.json()).toMatchObject({ input: [told, { role: "user", content: "Hi" }] });
    const usage = { input_tokens: 12, output_tokens: 30, total_tokens: 42 };
    return Response.json({ id: "resp_1", status: "completed", output: [], usage });
  });
  await respond(user, { model: "o4-mini", input: [told, named, { role: "user", content: "Hi" }] });
  expect(await user.settled()).toEqual({ tokens: 42, requests: 1, reserved: 0 });
});

/** A user who goes on from a long answer, how many tokens that shows the model, and what was spent until then. */
async function goOn() {
  const user = await createUser();
  const { id } = await respond(user, { model: "o4-mini", input: LONG, store: true });
  const text = "A weir.";
  const next = asking({ text, no_usage: true, reasoning: 0 }, { previous_response_id: id });
  const response = await user.post(`${PATH}/input_tokens`, next);
  expect(response.status).toBe(200);
  const { input_tokens: counted } = (await response.json()) as { input_tokens: number };
  return { user, next, text, counted, before: await user.settled() };
}

describe("going on from a stored answer", () => {
  it("can be counted, with what the provider has of it", async () => {
    const { counted } = await goOn();
    expect(counted).toBeGreaterThan(400);
  });

  it.each([true, false])("costs its exact count where no usage came (stream: %s)", async (stream) => {
    const { user, next, text, counted, before } = await goOn();
    await (await user.post(PATH, { ...next, stream })).text();
    const tokens = before.tokens + counted + Math.ceil(text.length / 4) + ALLOWANCE;
    expect(await user.settled()).toEqual({ tokens, requests: 3, reserved: 0 });
  });
});

describe.each([SLIM, OPENAI, RESPONSES].map((surface) => [surface.path, surface] as const))("on %s", (_, surface) => {
  it.each([true, false])(
    "what a provider does not have is a 404, and nobody else is asked (stream: %s)",
    async (stream) => {
      await useCatalog(createSturdyCatalog());
      const error = { message: "Secret words.", type: "invalid_request_error", param: null, code: "prompt_not_found" };
      const { provider, asked } = failingProvider({ [FIRST]: [() => Response.json({ error }, { status: 404 })] });
      const user = await createUserOf(provider);
      const response = await user.post(surface.path, { ...surface.body({ tokens: 3 }, stream), model: ALIAS });
      expect(response.status).toBe(404);
      const told = await errorOf(response);
      expect(told).toMatchObject({ code: "not_found", type: "invalid_request_error" });
      expect(told.message).not.toContain("Secret");
      expect(asked.map(({ model }) => model)).toEqual([FIRST]);
      expect(response.headers.get("weir-attempts")).toBe("1");
      expect(await user.settled()).toEqual(NOTHING);
    },
  );

  it("an error in the first frame and then silence end by the one deadline", async () => {
    await useCatalog(createSturdyCatalog({}, { first_byte_ms: 300 }));
    const error = { message: "No.", type: "server_error", param: null, code: null };
    const frame = `data: ${JSON.stringify(surface === RESPONSES ? { type: "error", error } : { error })}\n\n`;
    const failing = () => new Response(frame, { headers: { "content-type": "text/event-stream" } });
    const { provider, asked } = failingProvider({ [FIRST]: [failing] });
    const user = await createUserOf(provider);
    const response = await user.post(surface.path, {
      ...surface.body({ tokens: 3, first_ms: 60_000 }, true),
      model: ALIAS,
    });
    expect(response.status).toBe(504);
    expect(await errorOf(response)).toMatchObject({ code: "provider_timeout" });
    expect(asked).toHaveLength(2);
    expect(await user.settled()).toEqual(NOTHING);
  });
});
