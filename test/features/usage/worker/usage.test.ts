// GET /usage: the plan of the caller, with the used, reserved and remaining amounts, and the history by day.

import { expect, it } from "vitest";
import type { Bindings } from "../../../../src/core/env.ts";
import { errorOf } from "../../../support/caller.ts";
import { createCatalog } from "../../../support/catalog.ts";
import { createUser, useCatalog } from "../../../support/workerd.ts";

const UNREACHABLE = {
  getByName: () => ({ view: () => Promise.reject(new Error("out")) }),
} as unknown as Bindings["USER_QUOTA"];

it("the usage is under the plan of the token", async () => {
  await useCatalog(createCatalog());
  const window = { per: "month", used: 0, reserved: 0, reset_at: expect.any(Number) as number };
  expect(await (await (await createUser("tiny")).get("/usage")).json()).toEqual({
    plan: "tiny",
    windows: [
      { ...window, unit: "tokens", limit: 100, left: 100 },
      { ...window, unit: "requests", limit: 10_000, left: 10_000 },
    ],
    leases: { running: 0, allowed: 8 },
    max_output_tokens: 2000,
  });
});

it("the usage counts running and settled requests", async () => {
  await useCatalog(createCatalog());
  const user = await createUser();
  const { plans } = createCatalog();
  const limits = { windows: plans.roomy?.windows ?? [], concurrent: 8 };
  const bound = { input: 10, output: 50, minOutput: 50, choices: 1, requests: 1, inputNanoUsd: 0, outputNanoUsd: 0 };
  const claim = { plan: "", claimed: "", issuedAt: 0 };
  for (const key of ["one", "two"]) {
    await user.quota.reserve(claim, limits, { key, model: "o4-mini", bound, leaseMs: 60_000 });
  }
  await user.quota.settle(limits, { key: "one", charge: { tokens: 7, requests: 1, nanoUsd: 0 } });
  expect(await (await user.get("/usage")).json()).toMatchObject({
    windows: [
      { used: 7, reserved: 60 },
      { used: 1, reserved: 1 },
    ],
    leases: { running: 1 },
  });
});

it("the history has the charges of each UTC day, newest last, with zeros for days without use", async () => {
  await useCatalog(createCatalog());
  const user = await createUser();
  const limits = { windows: [], concurrent: 8 };
  const bound = { input: 10, output: 50, minOutput: 50, choices: 1, requests: 1, inputNanoUsd: 0, outputNanoUsd: 1e6 };
  const claim = { plan: "", claimed: "", issuedAt: 0 };
  const today = new Date().toISOString().slice(0, 10);
  await user.quota.reserve(claim, limits, { key: "one", model: "o4-mini", bound, leaseMs: 60_000 });
  await user.quota.settle(limits, { key: "one", charge: { tokens: 7, requests: 1, nanoUsd: 1_500_000 } });
  await user.quota.spend(claim, limits, { requests: 2 });

  const { history } = (await (await user.get("/usage?days=3")).json()) as { history: { date: string }[] };
  expect(history).toHaveLength(3);
  expect(history.at(-1)).toEqual({ date: today, tokens: 7, requests: 3, usd: 0.0015 });
  expect(history[0]).toMatchObject({ tokens: 0, requests: 0, usd: 0 });
  const dates = history.map(({ date }) => Date.parse(date));
  expect(dates.map((date) => date - (dates[0] ?? 0))).toEqual([0, 86_400_000, 2 * 86_400_000]);

  expect(await (await user.get("/usage")).json()).not.toHaveProperty("history");
  await user.quota.delete();
  expect((await user.quota.history(31)).every(({ requests }) => requests === 0)).toBe(true);
});

it.each(["0", "32", "-1", "1.5", "", "a", "1e1", "+7"])("a history of %j days is a 400", async (days) => {
  const response = await (await createUser()).get(`/usage?days=${encodeURIComponent(days)}`);
  expect(response.status).toBe(400);
  expect(await errorOf(response)).toMatchObject({ code: "invalid_request", param: "days" });
});

it("the usage of a blocked user is a 403, and a 503 while the quota cannot be reached", async () => {
  await useCatalog(createCatalog());
  const user = await createUser();
  await user.quota.change({ kind: "block", id: "block", at: Date.now(), reason: "a test" });
  expect((await errorOf(await user.get("/usage"))).code).toBe("user_blocked");
  const other = await createUser(undefined, { USER_QUOTA: UNREACHABLE });
  expect((await other.get("/usage")).status).toBe(503);
});
