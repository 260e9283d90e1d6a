// GET /usage: what the caller's plan allows, and what of it is used, reserved and left.

import { Hono } from "hono/tiny";
import { catalogFor } from "../../core/catalog/store.ts";
import type { AppEnv } from "../../core/env.ts";
import { toWire } from "../../core/quota/rate-limit.ts";
import { standingOf } from "../../core/quota/plan-and-usage.ts";
import { callerOf } from "../../core/caller.ts";

export const usage = new Hono<AppEnv>().get("/", async (c) => {
  const caller = callerOf(c);
  const { catalog } = await catalogFor(caller.user, caller.env.CATALOG, Date.now(), caller.waitUntil);
  const { name, plan, view } = await standingOf(caller, catalog);
  const { windows, leases } = view;
  return c.json({ plan: name, windows: windows.map(toWire), leases, max_output_tokens: plan.max_output_tokens });
});
