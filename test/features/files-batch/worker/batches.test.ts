// Batches in workerd: reserved whole, settled once by their lines, and only for their owner.

import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { passTime } from "../../../support/clock.ts";
import { createUser, emulation, useCatalog } from "../../../support/workerd.ts";
import { BATCHES, createBatchCatalog, createBatchOwner } from "../support/batches.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

beforeAll(async () => void (await useCatalog(createBatchCatalog())));
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  await emulation.zero();
});
afterEach(async () => {
  vi.useRealTimers();
  await emulation.heal();
});

describe("a batch", () => {
  it("is reserved whole while it runs, and shows its owner nothing of Weir's own", async () => {
    const user = await createBatchOwner();
    const batch = await user.createOne({ batch_seconds: 3600 });
    expect(batch).toMatchObject({ object: "batch", status: "validating" });
    expect(Object.keys(batch.metadata ?? {})).toEqual(["emulate", "topic"]);
    const { last } = await emulation.stats();
    expect(last?.body["metadata"]).toMatchObject({ weir_job: expect.any(String), weir_user: user.owner });
    const { tokens, requests, reserved } = await user.settled();
    expect([tokens, requests]).toEqual([0, 1]);
    expect(reserved).toBeGreaterThan(300);
    expect((await user.usage()).leases.running).toBe(0);
  });

  it("is settled by its lines when its owner looks, once", async () => {
    const user = await createBatchOwner();
    const { id } = await user.createOne({ fail_lines: [2] });
    const { body } = await user.look(id);
    expect(body).toMatchObject({ status: "completed", request_counts: { total: 3, completed: 2, failed: 1 } });
    const billed = await user.billed();
    const spent = { tokens: billed.tokens, usd: expect.closeTo(billed.usd, 9), reserved: 0 };
    // The upload, the creation, and each look.
    expect(await user.spent()).toEqual({ ...spent, requests: 3 });
    expect((await user.look(id)).body).toEqual(body);
    expect((await user.list()).data).toEqual([body]);
    expect(await user.spent()).toEqual({ ...spent, requests: 5 });
  });

  it("is settled by an alarm when its owner never looks, and its output belongs to its owner", async () => {
    const user = await createBatchOwner();
    const { id } = await user.createOne();
    expect(await user.wakeAfter(2000)).toBe(true);
    const billed = await user.billed();
    expect(billed.lines).toBe(3);
    expect(await user.spent()).toMatchObject({ tokens: billed.tokens, requests: 2, reserved: 0 });
    const { output_file_id: output } = (await user.look(id)).body;
    const text = await (await user.get(`/v1/files/${output}/content`)).text();
    expect(text.trim().split("\n")).toHaveLength(3);
    const file = await (await user.get(`/v1/files/${output}`)).json();
    expect(file).toMatchObject({ purpose: "batch_output", filename: `${id}_output.jsonl`, bytes: text.length });
    expect(await user.wakeAfter(HOUR)).toBe(false);
  });

  it("is cancelled by its owner, and costs the lines that have run", async () => {
    const user = await createBatchOwner();
    const { id } = await user.createOne({ batch_seconds: 3600, cancel_seconds: 0 });
    expect((await user.look(id, "/cancel", "POST")).body).toMatchObject({ status: "cancelled" });
    expect(await user.spent()).toEqual({ tokens: 0, usd: 0, requests: 4, reserved: 0 });
    expect((await user.look(id, "/cancel", "POST")).status).toBe(200);
  });

  it("is checked again soon while it is being cancelled", async () => {
    await useCatalog({ ...createBatchCatalog(), files: { poll_ms: HOUR, max_poll_ms: HOUR } });
    const user = await createBatchOwner();
    const { id } = await user.createOne({ batch_seconds: 3600, cancel_seconds: 3600 });
    const nextCheckMs = async () => ((await user.jobs().getJob("batch", id))?.checkAt ?? NaN) - Date.now();
    expect(await nextCheckMs()).toBe(HOUR);
    expect((await user.look(id, "/cancel", "POST")).body.status).toBe("cancelling");
    expect(await nextCheckMs()).toBe(MINUTE / 2);
    await useCatalog(createBatchCatalog());
  });

  it("stays reserved while the provider fails, and is settled when it is back", async () => {
    const user = await createBatchOwner();
    const { id } = await user.createOne();
    await emulation.fault({ route: "GET /v1/batches/:id", status: 500, times: 2 });
    await user.wakeAfter(2000);
    expect((await user.settled()).reserved).toBeGreaterThan(0);
    expect((await user.look(id)).status).toBe(502);
    await user.wakeAfter(2000);
    expect(await user.spent()).toMatchObject({ tokens: (await user.billed()).tokens, reserved: 0 });
  });

  it("whose output breaks off is read again", async () => {
    const user = await createBatchOwner();
    const { id } = await user.createOne();
    await emulation.fault({ route: "GET /v1/files/:id/content", cut: 100 });
    await user.wakeAfter(2000);
    expect((await user.settled()).reserved).toBeGreaterThan(0);
    await user.look(id);
    expect(await user.spent()).toMatchObject({ tokens: (await user.billed()).tokens, reserved: 0 });
  });

  it("that is settled after its lease has expired is corrected once to its cost", async () => {
    const user = await createBatchOwner();
    await user.createOne();
    const { reserved } = await user.settled();
    await emulation.fault({ route: "GET /v1/batches/:id", status: 500 });
    await user.wakeAfter(27 * HOUR);
    const expired = await user.spent();
    expect(expired.reserved).toBe(0);
    expect(expired.tokens).toBeGreaterThan((await user.billed()).tokens);
    expect(expired.tokens).toBeLessThan(reserved);
    await user.wakeAfter(2 * HOUR);
    expect(await user.spent()).toMatchObject({ tokens: (await user.billed()).tokens, requests: 2, reserved: 0 });
  });
});

describe("a list of batches", () => {
  it("has pages of the caller's own batches, newest first", async () => {
    const user = await createBatchOwner();
    const file = await user.uploadLines([1]);
    const ids: string[] = [];
    for (let count = 0; count < 3; count++) {
      ids.unshift((await user.createOne({}, file)).id);
      passTime(1000);
    }
    await (await createBatchOwner()).createOne();
    const page = await user.list("?limit=2");
    expect(page).toMatchObject({ object: "list", first_id: ids[0], last_id: ids[1], has_more: true });
    expect(page.data.map(({ id }) => id)).toEqual(ids.slice(0, 2));
    expect((await user.list(`?after=${ids[1]}`)).data).toEqual([(await user.look(ids[2] ?? "")).body]);
    expect(await (await createBatchOwner()).list()).toEqual({
      object: "list",
      data: [],
      first_id: null,
      last_id: null,
      has_more: false,
    });
  });

  it.each(["limit=0", "limit=101", "after=x", "order=asc"])("refuses %s", async (query) => {
    const user = await createUser();
    expect((await user.get(`${BATCHES}?${query}`)).status).toBe(400);
  });
});

it("nobody learns from an answer if another user has a batch", async () => {
  const owner = await createBatchOwner();
  const { id } = await owner.createOne({ batch_seconds: 3600 });
  const stranger = await createBatchOwner();
  const answersFor = async (asked: string) => {
    const requests = [stranger.look(asked), stranger.look(asked, "/cancel", "POST"), stranger.look(`${asked}?x=1`)];
    return JSON.stringify(await Promise.all(requests)).replaceAll(asked, "ID");
  };
  const unknown = await answersFor("batch_unknown");
  expect(unknown).toMatch(/^\[{"status":404,.*not_found/);
  expect(await answersFor(id)).toBe(unknown);
  expect((await owner.look(id)).body.status).toBe("validating");
});
