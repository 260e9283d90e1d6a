// The cost of each ending of a batch, as docs/settlement.md has it.

import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { emulation, useCatalog } from "../../../support/workerd.ts";
import type { BatchOwner } from "../support/batches.ts";
import { createBatchCatalog, createBatchOwner } from "../support/batches.ts";

const HOUR = 3_600_000;

beforeAll(async () => void (await useCatalog(createBatchCatalog())));
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  await emulation.zero();
});
afterEach(async () => {
  vi.useRealTimers();
  await emulation.heal();
});

type Script = Parameters<BatchOwner["create"]>[0];

/** The reserved tokens and dollars. */
async function reservedBy(user: BatchOwner) {
  const [tokens, , usd] = (await user.usage()).windows.map(({ reserved }) => reserved);
  return { tokens: tokens ?? NaN, usd: usd ?? NaN };
}

/** Expects that the user has spent these tokens and dollars, and that nothing is reserved. */
async function expectSpent(user: BatchOwner, { tokens, usd }: { tokens: number; usd: number }, requests: number) {
  expect(await user.spent()).toEqual({ tokens, usd: expect.closeTo(usd, 9), requests, reserved: 0 });
}

describe("a batch costs what the provider bills, or else its bound:", () => {
  it.each<[what: string, script: Script, status: string, isBound?: "bound"]>([
    ["complete", {}, "completed"],
    ["with lines that failed", { fail_lines: [1, 3] }, "completed"],
    ["all of whose lines failed", { fail_lines: [1, 2, 3] }, "completed"],
    ["expired after a line", { expire_after_lines: 1 }, "expired"],
    ["expired before any line", { expire_after_lines: 0 }, "expired"],
    ["whose validation failed", { batch_fails: true }, "failed"],
    ["whose output is gone", { no_output: true }, "completed"],
    ["without a sum of the provider", { no_batch_usage: true }, "completed"],
    [
      "whose output is gone, without a sum of the provider",
      { no_output: true, no_batch_usage: true },
      "completed",
      "bound",
    ],
  ])("%s", async (_what, script, status, isBound) => {
    const user = await createBatchOwner();
    const { id } = await user.createOne(script);
    const bound = await reservedBy(user);
    expect((await user.look(id)).body.status).toBe(status);
    // The upload, the creation and the look.
    await expectSpent(user, isBound ? bound : await user.billed(), 3);
  });

  it("that the provider no longer has", async () => {
    const user = await createBatchOwner();
    const { id } = await user.createOne({ batch_seconds: 3600 });
    const bound = await reservedBy(user);
    await emulation.fault({ route: "GET /v1/batches/:id", status: 404 });
    expect((await user.look(id)).body.id).toBe(id);
    await expectSpent(user, bound, 3);
  });

  it("that is settled after its lease has expired, corrected once", async () => {
    const user = await createBatchOwner();
    await user.createOne();
    const bound = await reservedBy(user);
    await emulation.fault({ route: "GET /v1/batches/:id", status: 500 });
    await user.wakeAfter(27 * HOUR);
    await expectSpent(user, bound, 2);
    await user.wakeAfter(2 * HOUR);
    await expectSpent(user, await user.billed(), 2);
  });
});

it("a batch whose checks fail for two months is given up, and costs its bound", async () => {
  const user = await createBatchOwner();
  const { id } = await user.createOne();
  const bound = await reservedBy(user);
  await emulation.fault({ route: "GET /v1/batches/:id", status: 500, times: 2 });
  await user.wakeAfter(27 * HOUR);
  await expectSpent(user, bound, 2);
  await user.wakeAfter(60 * 24 * HOUR);
  expect(await user.wakeAfter(HOUR)).toBe(false);
  expect(await user.jobs().getJob("batch", id)).not.toHaveProperty("checkAt");
});

describe("the creation of a batch", () => {
  it.each([
    [400, 400],
    [429, 503],
    [401, 502],
  ])("costs a request when the provider refuses it with %d", async (status, expected) => {
    const user = await createBatchOwner();
    expect((await user.create({ status })).status).toBe(expected);
    expect(await user.spent()).toEqual({ tokens: 0, usd: 0, requests: 2, reserved: 0 });
    expect(await user.jobs().listJobs({ kind: "batch", limit: 1 })).toEqual({ jobs: [], hasMore: false });
    expect(await user.wakeAfter(HOUR)).toBe(true);
    expect(await user.spent()).toMatchObject({ requests: 2 });
  });

  it.each([
    ["fails at the provider", { status: 500 }, 502],
    ["times out there", { status: 504 }, 504],
  ])("that %s is given back when the provider has no such batch", async (_how, script, expected) => {
    const user = await createBatchOwner();
    const response = await user.create(script);
    expect([response.status, response.headers.get("x-should-retry")]).toEqual([expected, "false"]);
    expect((await user.settled()).reserved).toBeGreaterThan(0);
    expect((await user.list()).data).toEqual([]);
    await user.wakeAfter(HOUR);
    // The upload and the list.
    expect(await user.spent()).toEqual({ tokens: 0, usd: 0, requests: 2, reserved: 0 });
  });

  it("whose answer breaks off is found at the provider, and settled", async () => {
    const user = await createBatchOwner();
    expect((await user.create({ cut_after: 0 })).status).toBe(502);
    expect((await user.list()).data).toEqual([]);
    await user.wakeAfter(HOUR);
    const [batch] = (await user.list()).data;
    expect(batch).toMatchObject({ status: "completed", metadata: { topic: "rivers" } });
    // The upload, the creation and two lists.
    await expectSpent(user, await user.billed(), 4);
  });
});
