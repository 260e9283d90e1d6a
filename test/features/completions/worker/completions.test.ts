// POST /v1/completions: prompts, candidates and echoes as the provider gets them, and their cost.

import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { errorOf, NOTHING } from "../../../support/caller.ts";
import { COMPLETER, createCatalog } from "../../../support/catalog.ts";
import { emulate } from "../../../support/emulation.ts";
import { createUser, emulation, useCatalog } from "../../../support/workerd.ts";
import { COMPLETIONS } from "../support/surface.ts";

const PATH = COMPLETIONS.path;

interface Completions {
  choices: { index: number; text: string; finish_reason: string; logprobs: { tokens: string[] } | null }[];
  usage: { prompt_tokens: number; completion_tokens: number; total_tokens: number };
}

async function complete(fields: object) {
  const user = await createUser();
  const response = await user.post(PATH, { model: COMPLETER, ...fields });
  const text = await response.text();
  expect(response.status, text).toBe(200);
  return { user, ...(JSON.parse(text) as Completions) };
}

beforeAll(async () => void (await useCatalog(createCatalog())));
beforeEach(emulation.zero);

describe("an answer", () => {
  it("has 16 tokens without a limit", async () => {
    const { choices, usage, user } = await complete({ prompt: emulate({ tokens: 40 }) });
    expect(choices).toMatchObject([{ index: 0, finish_reason: "length", logprobs: null }]);
    expect(usage.completion_tokens).toBe(16);
    expect((await emulation.stats()).last?.body).toMatchObject({ model: `emulated-${COMPLETER}`, max_tokens: 16 });
    expect(await user.settled()).toEqual({ tokens: usage.total_tokens, requests: 1, reserved: 0 });
  });

  it("has the choices of each prompt, and costs the candidates that are not returned too", async () => {
    const prompt = [emulate({ tokens: 5 }), "The river"];
    const { choices, usage, user } = await complete({ prompt, n: 2, best_of: 3 });
    expect(choices.map(({ index }) => index)).toEqual([0, 1, 2, 3]);
    expect(usage.completion_tokens).toBe(2 * 3 * 5);
    expect(await user.settled()).toEqual({ tokens: usage.total_tokens, requests: 1, reserved: 0 });
  });

  it("scores a prompt without writing anything", async () => {
    const fields = { prompt: "A low wall", echo: true, logprobs: 1, max_tokens: 0 };
    const { choices, usage, user } = await complete(fields);
    expect(choices).toMatchObject([{ text: "A low wall", logprobs: { tokens: ["A", " low", " wall"] } }]);
    expect((await emulation.stats()).last?.body).toMatchObject(fields);
    expect(usage).toEqual({ prompt_tokens: 3, completion_tokens: 0, total_tokens: 3 });
    expect(await user.settled()).toEqual({ tokens: 3, requests: 1, reserved: 0 });
  });

  it("to token arrays costs their tokens", async () => {
    const { usage, user } = await complete({ prompt: [[1, 2, 3], [4]], max_tokens: 2 });
    expect(usage).toMatchObject({ prompt_tokens: 4, completion_tokens: 4 });
    expect(await user.settled()).toMatchObject({ tokens: 8 });
  });

  it("that is streamed has no usage unless the caller requested it", async () => {
    const user = await createUser();
    const body = { model: COMPLETER, prompt: emulate({ tokens: 3 }), stream: true };
    const text = await (await user.post(PATH, body)).text();
    expect(text).toMatch(/"text":" runs".*data: \[DONE\]\n\n$/s);
    expect(text).not.toContain('"usage":{');
    expect((await emulation.stats()).last?.body).toMatchObject({ stream_options: { include_usage: true } });
    expect(await user.settled()).toMatchObject({ requests: 1, reserved: 0 });
  });
});

it.each<[string, object, number, string, string]>([
  ["a chat model", { model: "o4-mini" }, 400, "unsupported_value", "model"],
  ["a parameter that the card refuses", { temperature: 0.2 }, 400, "unsupported_parameter", "temperature"],
  ["fewer candidates than choices", { n: 2, best_of: 1 }, 400, "invalid_request", "best_of"],
])("%s is refused, and costs nothing", async (_, changes, status, code, param) => {
  const user = await createUser();
  const response = await user.post(PATH, { model: COMPLETER, prompt: "A weir", ...changes });
  expect(response.status).toBe(status);
  expect(await errorOf(response)).toMatchObject({ code, param });
  expect(await user.settled()).toEqual(NOTHING);
  expect((await emulation.stats()).requests).toBe(0);
});
