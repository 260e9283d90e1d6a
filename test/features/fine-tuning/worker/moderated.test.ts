// uses: moderation
// Fine-tuning where requests are moderated: training files cannot be, so jobs are refused.

import { expect, it } from "vitest";
import { errorOf, ONLY_REQUESTS } from "../../../support/caller.ts";
import { useCatalog } from "../../../support/workerd.ts";
import { createTrainer, createTuningCatalog } from "../support/tuning.ts";

it("a job is refused under a plan that moderates input", async () => {
  const catalog = createTuningCatalog();
  Object.assign(catalog.plans["roomy"] ?? {}, { moderation: { input: "parallel" } });
  await useCatalog({ ...catalog, policies: { default: {} } });
  const user = await createTrainer();
  const response = await user.request();
  expect([response.status, (await errorOf(response)).param]).toEqual([400, "training_file"]);
  expect(await user.settled()).toEqual(ONLY_REQUESTS(1));
});
