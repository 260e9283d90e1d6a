// uses: runs, chat-completions, responses, stored-responses, models
// Fine-tuned models on the routes of other features.

import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createUser, emulation, useCatalog } from "../../../support/workerd.ts";
import { withSwitches } from "../../stored-responses/support/switched-catalog.ts";
import { createModelOwner, createTuningCatalog, refusalFor, UNKNOWN_MODEL } from "../support/tuning.ts";

const MESSAGES = [{ role: "user", content: 'emulate {"tokens":5}' }];

/** Each route that takes the name of a model. */
const CALLS: [string, object][] = [
  ["/v1/chat/completions", { messages: MESSAGES }],
  ["/v1/responses", { input: MESSAGES }],
  ["/v1/responses/input_tokens", { input: MESSAGES }],
];

let owner: Awaited<ReturnType<typeof createModelOwner>>;

beforeAll(async () => {
  await useCatalog(withSwitches(createTuningCatalog(), { store: true, background: true }));
  owner = await createModelOwner();
});
beforeEach(emulation.zero);

describe("a fine-tuned model", () => {
  it.each(CALLS)("answers its owner on %s", async (path, body) => {
    const { model } = owner;
    const response = await owner.post(path, { model, ...body });
    expect([response.status, response.headers.get("weir-model")]).toEqual([200, model]);
    expect((await emulation.stats()).last?.body).toMatchObject({ model });
  });

  it("answers its owner in a run", async () => {
    const { model } = owner;
    const headers = { "idempotency-key": crypto.randomUUID() };
    const response = await owner.post("/chat", { model, input: "Hi" }, { headers });
    expect([response.status, response.headers.get("weir-model")]).toEqual([200, model]);
    await response.text();
  });

  it("costs its usage in the background", async () => {
    const { tokens } = await owner.settled();
    const body = { model: owner.model, input: MESSAGES, store: true, background: true };
    const { id } = await (await owner.post("/v1/responses", body)).json<{ id: string }>();
    const { usage } = await (
      await owner.get(`/v1/responses/${id}`)
    ).json<{
      usage: { total_tokens: number };
    }>();
    expect((await owner.settled()).tokens - tokens).toBe(usage.total_tokens);
  });

  it("is in its owner's list of models, with the card of its base", async () => {
    const list = await (await owner.get("/v1/models")).json<{ data: { id: string }[] }>();
    const names = list.data.map(({ id }) => id);
    expect(names.filter((name) => name.startsWith("ft:"))).toEqual([owner.model]);
    const shown = await (await owner.get(`/v1/models/${owner.model}`)).json();
    expect(shown).toMatchObject({ id: owner.model, card: { id: "gpt-4.1-mini", prices: { input: 0.8, output: 3.2 } } });
    const base = await (await owner.get("/v1/models/gpt-4.1-mini")).json();
    expect(base).toMatchObject({ card: { prices: { input: 0.4 } } });
  });
});

it.each([...CALLS, ["/v1/models", undefined] as const])(
  "a model does not exist for others on %s",
  async (path, body) => {
    const other = await createUser();
    const call = (model: string) => (body ? other.post(path, { model, ...body }) : other.get(`${path}/${model}`));
    const unknown = await refusalFor(UNKNOWN_MODEL, call);
    expect(unknown).toContain("model_not_found");
    expect(await refusalFor(owner.model, call)).toBe(unknown);
    expect((await emulation.stats()).requests).toBe(0);
  },
);
