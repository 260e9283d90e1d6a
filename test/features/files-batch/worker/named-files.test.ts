// uses: responses, images, moderation
// Requests that name uploaded files: only those of their user pass, at every place that takes a file.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Catalog } from "../../../../src/core/catalog/schema.ts";
import { batchRoutes } from "../../../../src/core/feature.ts";
import { installFiles } from "../../../../src/core/gateway/uploaded-files.ts";
import { findStoredFiles } from "../../../../src/features/files-batch/own-files.ts";
import { UserQuota } from "../../../../src/core/quota/user-quota.ts";
import type { Caller } from "../../../support/caller.ts";
import { errorOf, NOTHING } from "../../../support/caller.ts";
import { createDollarCatalog } from "../../../support/catalog.ts";
import { emulate } from "../../../support/emulation.ts";
import type { FileObject } from "../support/uploads.ts";
import { createUpload } from "../support/uploads.ts";
import { createUser, emulation, useCatalog } from "../../../support/workerd.ts";

const RESPONSES = "/v1/responses";
const COUNTER = "/v1/responses/input_tokens";
const EDITS = "/v1/images/edits";
const REMOTE = "https://pictures.test/river.png";

const asked = (...parts: object[]): object => ({
  model: "o4-mini",
  input: [{ role: "user", content: [{ type: "input_text", text: emulate({ tokens: 3 }) }, ...parts] }],
});
/** A request with that part in the output of a tool. */
const returned = (tool: "function" | "custom_tool", part: object) => ({
  model: "o4-mini",
  input: [
    { role: "user", content: emulate({ tokens: 3 }) },
    { type: `${tool}_call`, call_id: "call_1", name: "look", arguments: "{}", input: "" },
    { type: `${tool}_call_output`, call_id: "call_1", output: [part] },
  ],
});
const asImage = (id: string) => asked({ type: "input_image", file_id: id, image_url: null });
const asFile = (id: string) => asked({ type: "input_file", file_id: id });
const edited = (fields: object) => ({ model: "gpt-image-2", prompt: "a boat", quality: "low", ...fields });

/** Every place that takes a file. `counts`: the bound is the provider's count. */
const PLACES: [string, string, (id: string) => object, { counts?: boolean }?][] = [
  ["an image of a message", RESPONSES, asImage],
  ["a file of a message", RESPONSES, asFile, { counts: true }],
  ["a counted file", COUNTER, asFile],
  ["an image of a tool's output", RESPONSES, (id) => returned("function", { type: "input_image", file_id: id })],
  [
    "a file of a tool's output",
    RESPONSES,
    (id) => returned("custom_tool", { type: "input_file", file_id: id, filename: "a.pdf" }),
    { counts: true },
  ],
  ["an image to edit", EDITS, (id) => edited({ images: [{ image_url: REMOTE }, { file_id: id }] })],
  ["a mask", EDITS, (id) => edited({ images: [{ image_url: REMOTE }], mask: { file_id: id } })],
];
const ALL = PLACES.map(([place, path, body]) => ({ place, path, body }));

/** Uploads a file of the user, and returns its id. */
async function upload(user: Pick<Caller, "post">): Promise<string> {
  const form = createUpload("The river is long. ".repeat(40), { purpose: "user_data" }, "river.pdf");
  const { id } = await (await user.post("/v1/files", form)).json<FileObject>();
  return id;
}

const useChanged = (change: (catalog: Catalog) => void) => {
  const catalog = createDollarCatalog();
  change(catalog);
  return useCatalog(catalog);
};
const cardOf = (catalog: Catalog, name = "o4-mini") => {
  const { [name]: card } = catalog.cards;
  if (!card) throw new Error(`there is no card '${name}'`);
  return card;
};

beforeEach(async () => {
  await useCatalog(createDollarCatalog());
  await emulation.zero();
});
afterEach(() => installFiles(findStoredFiles));

describe("a file", () => {
  it.each(PLACES)("as %s is sent for its owner, within its bound", async (_place, path, body, { counts } = {}) => {
    const user = await createUser();
    const id = await upload(user);
    await emulation.zero();
    const reserve = vi.spyOn(UserQuota.prototype, "reserve");
    const response = await user.post(path, body(id));
    const text = await response.text();
    expect(response.status, text).toBe(200);
    const { last, by_path: sent } = await emulation.stats();
    expect(JSON.stringify(last?.body)).toContain(`"file_id":"${id}"`);
    expect(sent).toEqual(counts ? { [path]: 1, [COUNTER]: 1 } : { [path]: 1 });
    const { input = 0 } = reserve.mock.lastCall?.[2].bound ?? {};
    reserve.mockRestore();
    const used = Number(/"input_tokens":(\d+)/.exec(text)?.[1]);
    expect(used).toBeGreaterThan(0);
    if (counts) expect(input).toBe(used + 16);
    else if (path !== COUNTER) expect(input).toBeGreaterThanOrEqual(used);
  });

  it.each(ALL)("as $place is refused for other users in the words for a missing one", async ({ path, body }) => {
    const [owner, other] = [await createUser(), await createUser()];
    const id = await upload(owner);
    await emulation.zero();
    const refusals: unknown[] = [];
    for (const named of [id, "file-missing", "../models"]) {
      const response = await other.post(path, body(named));
      expect(response.status).toBe(404);
      const error = await errorOf(response);
      refusals.push({ ...error, message: error.message.replace(named, "ID") });
    }
    expect(refusals).toEqual(Array.from({ length: 3 }, () => refusals[0]));
    expect(refusals[0]).toMatchObject({ code: "not_found", param: "file_id" });
    expect(await other.settled()).toEqual(NOTHING);
    expect((await emulation.stats()).requests).toBe(0);
  });

  it.each(ALL)("as $place is a 400 where the model cannot read it, or nobody has files", async ({ path, body }) => {
    const user = await createUser();
    const id = await upload(user);
    await emulation.zero();
    const refusalOf = async () => {
      const response = await user.post(path, body(id));
      expect(response.status).toBe(400);
      return errorOf(response);
    };
    installFiles(async () => [{ id, provider: "elsewhere", purpose: "vision", bytes: 1 }]);
    const refused = { code: "unsupported_value", param: "file_id" };
    const message = expect.stringContaining("files of the provider 'elsewhere'") as string;
    expect(await refusalOf()).toMatchObject({ ...refused, message });
    installFiles(undefined);
    expect(await refusalOf()).toMatchObject(refused);
    expect((await emulation.stats()).requests).toBe(0);
  });

  it.each(ALL.filter(({ path }) => path !== COUNTER))(
    "as $place is refused where the input is moderated",
    async ({ path, body }) => {
      await useChanged((catalog) => {
        const moderation = { input: "before", output: "off", policy: "default" };
        for (const plan of Object.values(catalog.plans)) Object.assign(plan, { moderation });
      });
      const user = await createUser();
      const response = await user.post(path, body(await upload(user)));
      expect(response.status).toBe(400);
      expect(await errorOf(response)).toMatchObject({ code: "unsupported_value", param: "file_id" });
      expect((await user.settled()).tokens).toBe(0);
    },
  );

  it.each(ALL.filter(({ path }) => path !== COUNTER))("as $place is refused in a line of a batch", ({ path, body }) => {
    const route = batchRoutes().find(({ url }) => url === path);
    const error = { code: "unsupported_value", param: "file_id" };
    expect(() => route?.toCall(body("file-1"))).toThrow(
      expect.objectContaining({ status: 400, body: expect.objectContaining(error) as object }),
    );
  });
});

describe("Responses", () => {
  it("count an image in a file as the card's image tokens", async () => {
    const user = await createUser();
    const id = await upload(user);
    const reserve = vi.spyOn(UserQuota.prototype, "reserve");
    const inputOf = async (body: object) => {
      await (await user.post(RESPONSES, body)).text();
      return reserve.mock.lastCall?.[2].bound.input ?? NaN;
    };
    const named = await inputOf(asImage(id));
    const byUrl = await inputOf(asked({ type: "input_image", image_url: REMOTE }));
    reserve.mockRestore();
    const { image_tokens: most = NaN } = cardOf(createDollarCatalog());
    expect(Math.abs(named - byUrl)).toBeLessThan(100);
    expect(named).toBeGreaterThan(most);
  });

  it.each<[string, (catalog: Catalog) => void, (id: string) => object, string]>([
    ["a model without file uploads", (catalog) => (cardOf(catalog).features = []), asFile, "File uploads"],
    ["a model without image input", (catalog) => (cardOf(catalog).modalities.input = ["text"]), asImage, "Image input"],
    [
      "a provider that does not count",
      (catalog) => Object.values(catalog.providers).forEach((each) => (each.counts_input = false)),
      asFile,
      "counting of tokens",
    ],
  ])("refuse a file for %s", async (_, change, body, words) => {
    await useChanged(change);
    const user = await createUser();
    const id = await upload(user);
    const before = await user.settled();
    const response = await user.post(RESPONSES, body(id));
    expect(response.status).toBe(400);
    expect((await errorOf(response)).message).toContain(words);
    expect(await user.settled()).toEqual(before);
  });

  it("take at most 100 different files", async () => {
    const user = await createUser();
    const files = Array.from({ length: 101 }, (_, index) => ({ type: "input_image", file_id: `file-${index}` }));
    const response = await user.post(RESPONSES, asked(...files));
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({
      param: "input",
      message: expect.stringContaining("101 files") as string,
    });
  });
});
