// uses: moderation
// Moderated speech: the text and the instructions are moderated before anything is spoken.

import { beforeAll, beforeEach, expect, it } from "vitest";
import { errorOf, ONLY_REQUESTS } from "../../../support/caller.ts";
import { createDollarCatalog } from "../../../support/catalog.ts";
import { createUser, emulation, useCatalog } from "../../../support/workerd.ts";

beforeAll(async () => {
  const catalog = createDollarCatalog();
  const plans = Object.entries(catalog.plans).map(([name, plan]) => [
    name,
    { ...plan, moderation: { input: "before", policy: "default" } },
  ]);
  await useCatalog({ ...catalog, plans: Object.fromEntries(plans) });
});
beforeEach(emulation.zero);

const speak = (more: object) => ({ model: "gpt-4o-mini-tts", voice: "alloy", input: "A river.", ...more });

it.each([{ input: "emulate-violence" }, { instructions: "emulate-violence" }])(
  "%j is blocked, and costs only the classifier's request",
  async (more) => {
    const user = await createUser();
    const response = await user.post("/v1/audio/speech", speak(more));
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ code: "content_policy_violation", param: "input" });
    expect(await user.settled()).toEqual(ONLY_REQUESTS(1));
    expect((await emulation.stats()).by_path).not.toHaveProperty("/v1/audio/speech");
  },
);

it("an allowed text is spoken", async () => {
  const user = await createUser();
  const response = await user.post("/v1/audio/speech", speak({ instructions: "Whisper." }));
  expect(response.status).toBe(200);
  expect((await response.bytes()).length).toBeGreaterThan(1000);
});
