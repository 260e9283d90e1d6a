// The feature admin-budget: GET /admin/budget, the deployment's budget and its use by all users together.

import { Hono } from "hono";
import { activeCatalog } from "../../core/catalog/store.ts";
import type { AppEnv, Feature } from "../../core/feature.ts";
import { viewBudget } from "../../core/quota/budget.ts";
import { toWindowObject } from "../../core/quota/rate-limit.ts";

const app = new Hono<AppEnv>().get("/", async (c) => {
  const { catalog } = await activeCatalog(c.env.CATALOG, Date.now(), (work) => c.executionCtx.waitUntil(work));
  const view = await viewBudget(c.env, catalog);
  return c.json({ windows: view?.windows.map(toWindowObject) ?? [], running: view?.leases.running ?? 0 });
});

export const adminBudget: Feature = {
  name: "admin-budget",
  routes: [
    {
      path: "/admin/budget",
      access: "admin",
      app,
      summary: "`GET`: the budget of the deployment: used, reserved and left of each window",
    },
  ],
};
