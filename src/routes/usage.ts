// GET /usage: what the caller's plan allows, and what of it is used, reserved and left.

import { Hono } from "hono";
import { choosePlan } from "../catalog/choose.ts";
import { activeCatalog } from "../catalog/store.ts";
import type { AppEnv } from "../env.ts";
import { quotaOf } from "../quota/client.ts";
import { quotaName } from "../quota/name.ts";
import { toWire } from "../quota/rate-limit.ts";
import { callerOf } from "./caller.ts";

export const usage = new Hono<AppEnv>().get("/", async (c) => {
  const { user, env, waitUntil } = callerOf(c);
  const { catalog } = await activeCatalog(env.CATALOG, Date.now(), waitUntil);
  const { name, plan } = choosePlan(catalog, user.plan);
  const { windows, leases } = await quotaOf(env, await quotaName(user, env.QUOTA_PEPPER), plan).view();
  return c.json({ plan: name, windows: windows.map(toWire), leases, max_output_tokens: plan.max_output_tokens });
});
