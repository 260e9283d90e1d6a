// uses: chat-completions
// Batches of fine-tuned models: only for their owner, at the batch rates of fine-tuned models.

import { expect, it } from "vitest";
import { errorOf } from "../../../support/caller.ts";
import { spendingOf } from "../../../support/estimate.ts";
import { createUser, emulation, useCatalog } from "../../../support/workerd.ts";
import type { FileObject } from "../../files-batch/support/uploads.ts";
import { createUpload } from "../../files-batch/support/uploads.ts";
import { BASE, createModelOwner, createTuningCatalog } from "../support/tuning.ts";

const URL = "/v1/chat/completions";

const uploadOf = (model: string, name = "none") => {
  const messages = [{ role: "user", content: `emulate {"tokens":5}\nemulate-bill-${name}` }];
  const body = { model, messages, max_completion_tokens: 50 };
  const line = JSON.stringify({ custom_id: "a", method: "POST", url: URL, body });
  return createUpload(`${line}\n`, { purpose: "batch" }, "in.jsonl");
};

it("a batch of a fine-tuned model costs the batch rates of fine-tuned models", async () => {
  const catalog = createTuningCatalog();
  // A plan that includes the base includes what is trained from it.
  for (const plan of Object.values(catalog.plans)) plan.models = [BASE];
  await useCatalog(catalog);
  const owner = await createModelOwner();
  const before = await spendingOf(owner);
  const { id: input_file_id } = await (await owner.post("/v1/files", uploadOf(owner.model, "own"))).json<FileObject>();
  const body = { input_file_id, endpoint: URL, completion_window: "24h", metadata: { emulate: '{"batch_seconds":0}' } };
  const { id } = await (await owner.post("/v1/batches", body)).json<{ id: string }>();
  const { status } = await (await owner.get(`/v1/batches/${id}`)).json<{ status: string }>();
  expect(status).toBe("completed");
  const [bill] = await emulation.billed("own");
  const { input, output } = bill ?? { input: NaN, output: NaN };
  const { tokens, usd, reserved } = await spendingOf(owner);
  expect([tokens - before.tokens, reserved]).toEqual([input + output, 0]);
  expect(usd - before.usd).toBeCloseTo((input * 0.4 + output * 1.6) / 1e6, 9);

  const other = await (await createUser()).post("/v1/files", uploadOf(owner.model));
  expect([other.status, (await errorOf(other)).message]).toEqual([
    404,
    expect.stringMatching(/^line 1: There is no model 'ft:/),
  ]);
});

it("a fine-tuned model without batch prices has no batches", async () => {
  await useCatalog(createTuningCatalog({ prices: { input: 0.8, output: 3.2 } }));
  const owner = await createModelOwner();
  const response = await owner.post("/v1/files", uploadOf(owner.model));
  expect([response.status, (await errorOf(response)).message]).toEqual([
    400,
    expect.stringContaining("does not support batches: its card has no batch prices"),
  ]);
});
