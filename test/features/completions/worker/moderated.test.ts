// uses: moderation
// Moderated completions: prompts and answers are judged. Tokens and several answers are refused.

import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { errorOf, ONLY_REQUESTS } from "../../../support/caller.ts";
import { COMPLETER, createCatalog } from "../../../support/catalog.ts";
import { emulate } from "../../../support/emulation.ts";
import { readSaid } from "../../../support/said.ts";
import { createUser, emulation, useCatalog } from "../../../support/workerd.ts";

const PATH = "/v1/completions";
const ask = async (fields: object) => {
  const user = await createUser();
  return { user, response: await user.post(PATH, { model: COMPLETER, max_tokens: 100, ...fields }) };
};

function useModeration(moderation: object) {
  const catalog = createCatalog();
  const { roomy } = catalog.plans;
  const window = { max_chars: 20, max_ms: 60_000, overlap_chars: 1 };
  const policies = { default: { otherwise: "block", window } };
  return useCatalog({ ...catalog, policies, plans: { ...catalog.plans, roomy: { ...roomy, moderation } } });
}

beforeEach(emulation.zero);

describe("moderation of the input", () => {
  beforeAll(async () => void (await useModeration({ input: "before", policy: "default" })));

  it.each<[string, object, string, string, number]>([
    ["a prompt", { prompt: "emulate-violence" }, "content_policy_violation", "prompt", 1],
    ["one of several prompts", { prompt: ["a", "emulate-violence"] }, "content_policy_violation", "prompt", 1],
    ["a suffix", { prompt: "a", suffix: "emulate-violence" }, "content_policy_violation", "prompt", 1],
    ["tokens", { prompt: [[1, 2]] }, "unsupported_value", "prompt", 0],
  ])("refuses %s, and costs only the requests of the classifier", async (_, fields, code, param, count) => {
    const { user, response } = await ask(fields);
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ code, param });
    expect(await user.settled()).toEqual(ONLY_REQUESTS(count));
  });

  it("lets other prompts pass", async () => {
    expect((await ask({ prompt: ["a river", "a weir"], n: 2 })).response.status).toBe(200);
  });
});

describe("moderation of the output", () => {
  const prompt = emulate({ text: "The river is so calm emulate-violence so" });
  beforeAll(async () => void (await useModeration({ output: "window", policy: "default" })));

  it("ends a stream at a block, and answers with a 400 without a stream", async () => {
    const { user, response } = await ask({ prompt, stream: true, stream_options: { include_usage: true } });
    const text = await response.text();
    expect(readSaid(text)).toBe("The river is so calm");
    expect(text).toMatch(/"finish_reason":"content_filter".*"usage":\{"prompt_tokens":\d+.*data: \[DONE\]\n\n$/s);
    expect((await user.post(PATH, { model: COMPLETER, prompt, max_tokens: 100 })).status).toBe(400);
    expect(await user.settled()).toMatchObject({ requests: 2, reserved: 0 });
  });

  it.each<[string, object, string, string]>([
    ["several prompts", { prompt: ["a", "b"] }, "n", "not 2"],
    ["several candidates", { prompt: "a", best_of: 3 }, "n", "not 3"],
    ["alternative tokens", { prompt: "a", logprobs: 1 }, "logprobs", "Leave 'logprobs' out"],
  ])("refuses %s", async (_, fields, param, words) => {
    const { response } = await ask(fields);
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ param, message: expect.stringContaining(words) });
  });
});
