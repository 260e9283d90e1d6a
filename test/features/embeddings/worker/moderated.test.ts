// uses: moderation
// Moderated embeddings: the texts of the input are judged, and tokens are refused.

import { beforeAll, expect, it } from "vitest";
import { createCatalog } from "../../../support/catalog.ts";
import { errorOf, ONLY_REQUESTS } from "../../../support/caller.ts";
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
  ["a text", "emulate-violence", 400, "content_policy_violation", 1],
  ["one of several texts", ["a river", "emulate-violence"], 400, "content_policy_violation", 1],
  ["tokens", [[1, 2]], 400, "unsupported_value", 0],
])(
  "%s that may not pass is refused, and costs only the classifier's request",
  async (_, input, status, code, requests) => {
    const user = await createUser();
    const response = await user.post("/v1/embeddings", { model: "text-embedding-3-small", input });
    expect(response.status).toBe(status);
    expect(await errorOf(response)).toMatchObject({ code, param: "input" });
    expect(await user.settled()).toEqual(ONLY_REQUESTS(requests));
  },
);

it("a text that may pass is embedded", async () => {
  const user = await createUser();
  const response = await user.post("/v1/embeddings", { model: "text-embedding-3-small", input: "a river" });
  expect(response.status).toBe(200);
});
