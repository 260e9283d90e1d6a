import { beforeEach, describe, expect, it } from "vitest";
import type { Modality } from "../../src/core/catalog/card.ts";
import type { Catalog } from "../../src/core/catalog/schema.ts";
import { errorOf } from "../support/caller.ts";
import { createCatalog } from "../support/catalog.ts";
import { emulate } from "../support/emulation.ts";
import { OPENAI, SLIM } from "../support/surface.ts";
import { createUser, emulation, useCatalog } from "../support/workerd.ts";

/** The model `plain` can chat, and nothing else. */
function createPlainCatalog(): Catalog {
  const catalog = createCatalog();
  const { "o4-mini": able } = catalog.cards;
  if (!able) throw new Error("there is no card 'o4-mini'");
  const text: Modality[] = ["text"];
  const plain = {
    ...able,
    name: "plain",
    compare: [],
    reasoning: { efforts: ["low"], allowance: 0 },
    modalities: { input: text, output: text },
    features: [],
    refuses: { chat_completions: ["seed"] },
    snapshots: { "emulated-plain": {} },
  };
  const aliases = { ...catalog.aliases, plain: { target: "emulated-plain", strict: false, fallback: [] } };
  return { ...catalog, cards: { ...catalog.cards, plain }, aliases };
}

const QUESTION = emulate({ tokens: 1 });
const SCHEMA = { type: "object", properties: {}, required: [], additionalProperties: false };
const PICTURE = "https://example.com/a.png";
const TOOL = { name: "look_up", parameters: SCHEMA };

const openai = (changes: Record<string, unknown>) => ({
  model: "plain",
  messages: [{ role: "user", content: QUESTION }],
  ...changes,
});
const slim = (changes: Record<string, unknown>) => ({ model: "plain", input: QUESTION, stream: false, ...changes });

beforeEach(async () => {
  await useCatalog(createPlainCatalog());
  await emulation.zero();
});

type Refusal = [what: string, path: string, body: Record<string, unknown>, code: string, param: string, named: string];

const IMAGE_PART = { type: "image_url", image_url: { url: PICTURE } };
const PARAMETER = "unsupported_parameter";
const VALUE = "unsupported_value";

const REFUSALS: Refusal[] = [
  ["tools", OPENAI.path, openai({ tools: [{ type: "function", function: TOOL }] }), PARAMETER, "tools", "o4-mini"],
  ["functions", OPENAI.path, openai({ functions: [TOOL] }), PARAMETER, "functions", "o4-mini"],
  [
    "a JSON Schema to follow",
    OPENAI.path,
    openai({ response_format: { type: "json_schema", json_schema: { name: "a", schema: SCHEMA } } }),
    VALUE,
    "response_format",
    "o4-mini",
  ],
  [
    "an image",
    OPENAI.path,
    openai({ messages: [{ role: "user", content: [IMAGE_PART] }] }),
    VALUE,
    "messages",
    "o4-mini",
  ],
  ["a prediction", OPENAI.path, openai({ prediction: { type: "content", content: "a" } }), PARAMETER, "prediction", ""],
  ["sound as an answer", OPENAI.path, openai({ modalities: ["text", "audio"] }), VALUE, "modalities", ""],
  ["an effort", OPENAI.path, openai({ reasoning_effort: "high" }), VALUE, "reasoning_effort", "o4-mini"],
  ["a parameter", OPENAI.path, openai({ seed: 7 }), PARAMETER, "seed", "o4-mini"],
  ["a stream", OPENAI.path, openai({ stream: true }), VALUE, "stream", "o4-mini"],
  ["another endpoint", OPENAI.path, openai({ model: "gpt-realtime" }), VALUE, "model", "o4-mini"],
  ["tools", SLIM.path, slim({ tools: [TOOL] }), PARAMETER, "tools", "o4-mini"],
  ["a JSON Schema to follow", SLIM.path, slim({ format: SCHEMA }), VALUE, "format", "o4-mini"],
  [
    "an image",
    SLIM.path,
    slim({ input: [{ role: "user", content: [{ type: "image", url: PICTURE }] }] }),
    VALUE,
    "input",
    "o4-mini",
  ],
  ["an effort", SLIM.path, slim({ effort: "high" }), VALUE, "effort", "o4-mini"],
  ["a stream", SLIM.path, slim({ stream: true }), VALUE, "stream", "o4-mini"],
  ["another endpoint", SLIM.path, slim({ model: "gpt-realtime" }), VALUE, "model", "o4-mini"],
];

describe("what the model's card does not have is refused before anything is reserved:", () => {
  it.each(REFUSALS)("%s, on %s", async (_, path, body, code, param, named) => {
    const user = await createUser();
    const response = await user.post(path, body);
    expect(response.status).toBe(400);
    const error = await errorOf(response);
    expect(error).toMatchObject({ type: "invalid_request_error", code, param });
    expect(error.message).toContain(`'${String(body.model)}'`);
    if (named) expect(error.message).toMatch(new RegExp(`Models that do: .*\\b${named}\\b`));
    else expect(error.message).toContain("No model here does.");
    // Nothing was reserved, so there is nothing to wait for.
    expect(await user.usage()).toMatchObject({
      windows: [
        { used: 0, reserved: 0 },
        { used: 0, reserved: 0 },
      ],
      leases: { running: 0 },
    });
    expect((await emulation.stats()).requests).toBe(0);
  });
});

describe("what the model's card has is served:", () => {
  it.each([
    [OPENAI.path, openai({ modalities: ["text"], response_format: { type: "text" } })],
    [SLIM.path, slim({ instructions: "Answer briefly.", tools: [] })],
  ])("on %s", async (path, body) => {
    const response = await (await createUser()).post(path, body);
    expect(response.status, await response.text()).toBe(200);
    expect((await emulation.stats()).last?.body).toMatchObject({ model: "emulated-plain" });
  });
});

describe("a provider that serves less than its cards", () => {
  it.each([
    [OPENAI.path, openai({})],
    [SLIM.path, slim({})],
  ])("is not asked for the rest on %s", async (path, body) => {
    const catalog = createPlainCatalog();
    const { openai: provider } = catalog.providers;
    await useCatalog({ ...catalog, providers: { openai: { ...provider, endpoints: ["embeddings"] } } });
    const user = await createUser();
    const response = await user.post(path, body);
    expect(response.status).toBe(400);
    const error = await errorOf(response);
    expect(error).toMatchObject({ code: "unsupported_value", param: "model" });
    expect(error.message).toContain("Chat Completions");
    expect(await user.settled()).toEqual({ tokens: 0, requests: 0, reserved: 0 });
    expect((await emulation.stats()).requests).toBe(0);
  });
});
