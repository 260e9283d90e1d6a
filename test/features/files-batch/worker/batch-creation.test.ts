// The creation of batches: faults of the request, limits of the plan, and changes since the upload.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Catalog } from "../../../../src/core/catalog/schema.ts";
import { createQuotaReader, errorOf } from "../../../support/caller.ts";
import { repeatUntil } from "../../../support/repeat.ts";
import { bindings, emulation, useCatalog } from "../../../support/workerd.ts";
import { BATCHES, createBatchCatalog, createBatchOwner } from "../support/batches.ts";
import type { FileObject } from "../support/uploads.ts";

const CATALOG = createBatchCatalog();

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  await useCatalog(CATALOG);
  await emulation.zero();
});
afterEach(() => {
  vi.useRealTimers();
});

/** The catalog with another default plan. */
function withPlan(changes: object): Catalog {
  const { roomy } = CATALOG.plans;
  if (!roomy) throw new Error("there is no plan 'roomy'");
  return { ...CATALOG, plans: { ...CATALOG.plans, roomy: { ...roomy, ...changes } } };
}

describe("a creation", () => {
  it.each<[what: string, fields: object, param: string, message: string]>([
    [
      "with another endpoint than the lines",
      { endpoint: "/v1/responses" },
      "endpoint",
      "'endpoint' must be '/v1/chat/completions', as in the lines of the file.",
    ],
    ["with another window", { completion_window: "1h" }, "completion_window", "'completion_window' must be '24h'."],
    ["with an unknown field", { priority: 1 }, "priority", "'priority' is not supported here. Leave it out."],
    [
      "with metadata of Weir",
      { metadata: { weir_job: "x" } },
      "metadata",
      "'metadata' must have no names that begin with weir_.",
    ],
    [
      "with output that expires before a day",
      { output_expires_after: { anchor: "created_at", seconds: 3600 } },
      "output_expires_after.seconds",
      "'output_expires_after.seconds' must be at least 86400.",
    ],
  ])("%s is refused", async (_what, fields, param, message) => {
    const user = await createBatchOwner();
    const response = await user.create({}, undefined, fields);
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ param, message });
    expect((await emulation.stats()).by_path[BATCHES]).toBeUndefined();
    expect(await user.spent()).toMatchObject({ requests: 1, reserved: 0 });
  });

  it("can name how long its output is kept", async () => {
    const user = await createBatchOwner();
    const output_expires_after = { anchor: "created_at", seconds: 86_400 };
    await user.createOne({}, undefined, { output_expires_after });
    expect((await emulation.stats()).last?.body).toMatchObject({ output_expires_after });
  });

  it("needs a file of the caller with the purpose batch", async () => {
    const [user, other] = [await createBatchOwner(), await createBatchOwner()];
    const foreign = await user.create({}, await other.uploadLines([1]));
    const missing = await user.create({}, "file-unknown");
    expect([foreign.status, missing.status]).toEqual([404, 404]);
    const [first, second] = [await errorOf(foreign), await errorOf(missing)];
    expect(first.message.replace(/'.*'/, "")).toBe(second.message.replace(/'.*'/, ""));
    const { id } = await (await user.upload("water")).json<FileObject>();
    expect((await errorOf(await user.create({}, id))).message).toBe(
      "The file has another purpose. Upload it with the purpose 'batch'.",
    );
  });
});

describe("a file that was uploaded", () => {
  it.each<[when: string, catalog: () => Catalog, status: number, message: RegExp]>([
    [
      "before the prices changed",
      () => {
        const { "o4-mini": card } = CATALOG.cards;
        const prices = { ...card?.prices, batch: { input: 1, output: 4 } };
        return { ...CATALOG, cards: { ...CATALOG.cards, "o4-mini": { ...card, prices } } } as Catalog;
      },
      400,
      /prices have changed since the upload. Upload the file again/,
    ],
    [
      "before the plan's output limit was lowered",
      () => withPlan({ max_output_tokens: 50 }),
      400,
      /Upload the file again/,
    ],
    [
      "before the plan began to moderate",
      () => withPlan({ moderation: { input: "parallel" } }),
      400,
      /those of a batch cannot be/,
    ],
    ["before the plan lost the model", () => withPlan({ models: ["o3"] }), 403, /does not include the model/],
    ["before the plan lost its files", () => withPlan({ files: false }), 429, /Your plan includes no files/],
  ])("%s is refused", async (_when, catalog, status, message) => {
    const user = await createBatchOwner();
    const file = await user.uploadLines([1]);
    await useCatalog(catalog());
    const response = await user.create({}, file);
    expect([response.status, (await errorOf(response)).message]).toEqual([status, expect.stringMatching(message)]);
    expect(await user.spent()).toMatchObject({ reserved: 0 });
  });
});

it("a plan limits the jobs that run at the same time, and one that ends makes room", async () => {
  await useCatalog(withPlan({ files: { max_bytes: 100_000, max_files: 10, max_jobs: 1 } }));
  const user = await createBatchOwner();
  const file = await user.uploadLines([1]);
  const { id } = await user.createOne({ batch_seconds: 3600, cancel_seconds: 0 }, file);
  const refused = await user.create({}, file);
  expect([refused.status, await errorOf(refused)]).toEqual([
    429,
    expect.objectContaining({ code: "concurrency_limit_exceeded", window: "jobs", fits_plan: true }),
  ]);
  await user.look(id, "/cancel", "POST");
  await user.createOne({}, file);
});

it("a batch whose bound does not fit is refused whole, and leaves no job", async () => {
  await useCatalog(withPlan({ windows: [{ unit: "tokens", per: "month", limit: 500 }], files: { max_jobs: 1 } }));
  const user = await createBatchOwner();
  const file = await user.uploadLines([1, 2, 3]);
  for (let turn = 0; turn < 2; turn++) {
    const response = await user.create({}, file);
    expect([response.status, (await errorOf(response)).code]).toEqual([429, "plan_limit_exceeded"]);
  }
  expect((await emulation.stats()).by_path[BATCHES]).toBeUndefined();
});

it("a batch counts in the budget of the deployment", async () => {
  const window = { unit: "tokens", per: "month", limit: 100_000_000 } as const;
  await useCatalog({ ...CATALOG, budget: { windows: [window] } });
  const limits = { windows: [window], concurrent: 1 };
  const budget = createQuotaReader(bindings.USER_QUOTA.getByName("budget"), () => limits);
  const before = (await budget()).windows[0]?.used ?? 0;
  const user = await createBatchOwner();
  const { id } = await user.createOne();
  expect((await budget()).windows[0]?.reserved).toBe((await user.usage()).windows[0]?.reserved);
  await user.look(id);
  const after = await repeatUntil(budget, ({ windows }) => windows[0]?.reserved === 0);
  expect((after.windows[0]?.used ?? 0) - before).toBe((await user.billed()).tokens);
});

it("the batches of a deleted user are cancelled at the provider", async () => {
  const user = await createBatchOwner();
  await user.createOne({ batch_seconds: 3600 });
  expect(await user.jobs().clear()).toMatchObject({ ok: true });
  expect((await emulation.stats()).by_path).toMatchObject({ [`${BATCHES}/:id/cancel`]: 1 });
  expect((await user.list()).data).toEqual([]);
});
