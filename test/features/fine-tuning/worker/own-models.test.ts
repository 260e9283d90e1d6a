// uses: slim-chat
// Fine-tuned models in workerd: their owner calls them at their own prices, and nobody else knows them.

import { beforeAll, beforeEach, expect, it } from "vitest";
import { createUser, emulation, useCatalog } from "../../../support/workerd.ts";
import {
  createModelOwner,
  createTrainer,
  createTuningCatalog,
  JOBS,
  refusalFor,
  UNKNOWN_MODEL,
} from "../support/tuning.ts";

const CHAT = { input: 'emulate {"tokens":5}', stream: false };

let owner: Awaited<ReturnType<typeof createModelOwner>>;

beforeAll(async () => {
  await useCatalog(createTuningCatalog());
  owner = await createModelOwner();
});
beforeEach(emulation.zero);

it("a model answers its owner, at its own price", async () => {
  const { model } = owner;
  const response = await owner.post("/chat", { model, ...CHAT });
  expect([response.status, response.headers.get("weir-model")]).toEqual([200, model]);
  const { usage } = await response.json<{ usage: { input: number; output: number; usd: number } }>();
  expect(usage.usd).toBeCloseTo((usage.input * 0.8 + usage.output * 3.2) / 1e6, 9);
  expect((await emulation.stats()).last?.body).toMatchObject({ model });
});

it("each checkpoint of a job is a model", async () => {
  const user = await createTrainer();
  const { id } = await user.create();
  await user.job(id);
  const list = await user.get(`${JOBS}/${id}/checkpoints`);
  const { data } = await list.json<{ data: { fine_tuned_model_checkpoint: string }[] }>();
  expect(data).toHaveLength(3);
  for (const { fine_tuned_model_checkpoint: model } of data) {
    expect((await user.post("/chat", { model, ...CHAT })).status).toBe(200);
  }
});

it("a model is included by plans that include its base", async () => {
  const catalog = createTuningCatalog();
  Object.assign(catalog.plans["roomy"] ?? {}, { models: ["o4-mini"] });
  await useCatalog(catalog);
  expect((await owner.post("/chat", { model: owner.model, ...CHAT })).status).toBe(403);
  await useCatalog(createTuningCatalog());
});

it("for everybody else, a model is an unknown one", async () => {
  const other = await createUser();
  const call = (model: string) => other.post("/chat", { model, ...CHAT });
  const unknown = await refusalFor(UNKNOWN_MODEL, call);
  expect(unknown).toContain("model_not_found");
  expect(await refusalFor(owner.model, call)).toBe(unknown);
  expect((await emulation.stats()).requests).toBe(0);
});
