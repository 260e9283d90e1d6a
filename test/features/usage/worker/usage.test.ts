// GET /usage: the plan of the caller, with the used, reserved and remaining amounts.

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

it("the usage of a blocked user is a 403, and a 503 while the quota cannot be reached", async () => {
  await useCatalog(createCatalog());
  const user = await createUser();
  await user.quota.change({ kind: "block", id: "block", at: Date.now(), reason: "a test" });
  expect((await errorOf(await user.get("/usage"))).code).toBe("user_blocked");
  const other = await createUser(undefined, { USER_QUOTA: UNREACHABLE });
  expect((await other.get("/usage")).status).toBe(503);
});
