// uses: moderation
// Moderated embeddings: the texts of the input are judged, and tokens are refused.

import { beforeAll, expect, it } from "vitest";
import { createCatalog } from "../../../support/catalog.ts";
import { errorOf, NOTHING } from "../../../support/caller.ts";
import { createUser, useCatalog } from "../../../support/workerd.ts";

beforeAll(async () => {
  const catalog = createCatalog();
  const plans = Object.entries(catalog.plans).map(([name, plan]) => [
    name,
    { ...plan, moderation: { input: "before", policy: "default" } },
  ]);
  await useCatalog({ ...catalog, plans: Object.fromEntries(plans) });
});

it.each([
  ["a text", "emulate-violence", 400, "content_policy_violation"],
  ["one of several texts", ["a river", "emulate-violence"], 400, "content_policy_violation"],
  ["tokens", [[1, 2]], 400, "unsupported_value"],
])("%s that may not pass is refused, and costs nothing", async (_, input, status, code) => {
  const user = await createUser();
  const response = await user.post("/v1/embeddings", { model: "text-embedding-3-small", input });
  expect(response.status).toBe(status);
  expect(await errorOf(response)).toMatchObject({ code, param: "input" });
  expect(await user.settled()).toEqual(NOTHING);
});

it("a text that may pass is embedded", async () => {
  const user = await createUser();
  const response = await user.post("/v1/embeddings", { model: "text-embedding-3-small", input: "a river" });
  expect(response.status).toBe(200);
});
