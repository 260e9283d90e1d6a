// uses: slim-chat
// The budget of a deployment in workerd: one object beside those of the users, and the operator's view of it.

import { evictDurableObject } from "cloudflare:test";
import { beforeEach, expect, it } from "vitest";
import { asAdmin } from "../../../support/admin.ts";
import { dollarsOf, errorOf } from "../../../support/caller.ts";
import { createCatalogOf } from "../../../support/catalog.ts";
import { repeatUntil } from "../../../support/repeat.ts";
import { ask, SLIM } from "../../../support/surface.ts";
import { bindings, createUser, emulation, startAnew, useCatalog } from "../../../support/workerd.ts";

interface Budget {
  windows: { unit: string; per: string; limit: number; used: number; reserved: number; left: number }[];
  running: number;
}
const readBudget = async () => (await (await asAdmin("/admin/budget")).json()) as Budget;
const atRest = () => repeatUntil(readBudget, ({ running }) => running === 0);

const windows = [{ unit: "usd" as const, per: "month" as const, limit: 100 }];
const useBudget = (limit: number) =>
  useCatalog({ ...createCatalogOf({ windows }), budget: { windows: [{ unit: "usd", per: "month", limit }] } });

beforeEach(async () => {
  await startAnew();
  await emulation.zero();
});

it("without a budget there are no windows", async () => {
  await useCatalog(createCatalogOf({ windows }));
  expect(await readBudget()).toEqual({ windows: [], running: 0 });
});

it("the budget counts what all users are charged, also one who leaves, and survives an eviction", async () => {
  await useBudget(10);
  const [one, other, leaver] = [await createUser(), await createUser(), await createUser()];
  await (await ask(one, SLIM, { tokens: 50 })).text();
  await (await ask(other, SLIM, { tokens: 100 })).text();
  await (await ask(leaver, SLIM, { tokens: 500, delay_ms: 2 })).body?.cancel();
  let spent = 0;
  for (const user of [one, other, leaver]) {
    await user.settled();
    expect(dollarsOf(await user.usage())).toBeGreaterThan(0);
    spent += Math.round(dollarsOf(await user.usage()) * 1e9);
  }
  const before = await atRest();
  expect(Math.round((before.windows[0]?.used ?? 0) * 1e9)).toBe(spent);
  await evictDurableObject(bindings.USER_QUOTA.getByName("budget"));
  expect(await readBudget()).toEqual(before);
});

it("a request above the budget is a 503, is not sent, and costs its user nothing", async () => {
  await useBudget(0.000001);
  const user = await createUser();
  const response = await ask(user, SLIM, { tokens: 1 });
  expect(response.status).toBe(503);
  expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
  expect(await errorOf(response)).toMatchObject({ code: "budget_exhausted" });
  expect((await emulation.stats()).requests).toBe(0);
  expect(await user.settled()).toEqual({ tokens: 0, requests: 0, reserved: 0 });
  expect((await atRest()).windows).toMatchObject([{ used: 0, reserved: 0 }]);
});
