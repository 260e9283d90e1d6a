// uses: moderation
// Moderated image requests: the prompt and the input images are moderated before the provider is called.

import { beforeAll, beforeEach, expect, it } from "vitest";
import { errorOf, NOTHING, ONLY_REQUESTS } from "../../../support/caller.ts";
import { createCatalog } from "../../../support/catalog.ts";
import { createUser, emulation, useCatalog } from "../../../support/workerd.ts";
import { pngFile, pngUrl } from "../support/pictures.ts";

const EDITS = "/v1/images/edits";

beforeAll(async () => {
  const catalog = createCatalog();
  const moderation = { input: "before", output: "window", policy: "default" };
  const plans = Object.entries(catalog.plans).map(([name, plan]) => [name, { ...plan, moderation }]);
  await useCatalog({ ...catalog, plans: Object.fromEntries(plans) });
});
beforeEach(emulation.zero);

const draw = (fields: object) => ({ model: "gpt-image-2", prompt: "a river", quality: "low", ...fields });

function formOf(length: number): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(draw({}))) form.append(name, value);
  form.append("image[]", pngFile("a.png", 1024, 1024, length));
  form.append("image[]", pngFile("b.png"));
  return form;
}

const REMOTE = "https://pictures.test/emulate-violence.png";

it.each([
  ["a prompt", "/v1/images/generations", draw({ prompt: "emulate-violence" }), 1],
  ["a prompt of a stream", "/v1/images/generations", draw({ prompt: "emulate-violence", stream: true }), 1],
  ["an input image", EDITS, draw({ images: [{ image_url: pngUrl() }, { image_url: REMOTE }] }), 3],
])("%s that is blocked costs only the classifier's requests", async (_, path, body, requests) => {
  const user = await createUser();
  const response = await user.post(path, body);
  expect(response.status).toBe(400);
  expect(await errorOf(response)).toMatchObject({ code: "content_policy_violation", param: "prompt" });
  expect(await user.settled()).toEqual(ONLY_REQUESTS(requests));
  expect((await emulation.stats()).by_path[path]).toBeUndefined();
});

it("an edit in a form is made after the moderation of its prompt and of each file", async () => {
  const user = await createUser();
  const response = await user.post(EDITS, formOf(3000));
  expect(response.status, await response.text()).toBe(200);
  expect(await user.settled()).toMatchObject({ requests: 1 + 1 + 2 });
  expect((await emulation.stats()).by_path["/v1/moderations"]).toBeGreaterThan(1);
});

it("files that are too large to be moderated are refused before anything is sent", async () => {
  const user = await createUser();
  const response = await user.post(EDITS, formOf(9 * 1024 * 1024));
  expect(response.status).toBe(400);
  expect(await errorOf(response)).toMatchObject({ param: "image", code: "unsupported_value" });
  expect(await user.settled()).toEqual(NOTHING);
  expect((await emulation.stats()).requests).toBe(0);
});
