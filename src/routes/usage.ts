// GET /usage: what the caller's plan allows, and what of it is used, reserved and left.

import { Hono } from "hono/tiny";
import { choosePlan } from "../catalog/choose.ts";
import { catalogFor } from "../catalog/store.ts";
import type { AppEnv } from "../env.ts";
import { isRefused, underClaim } from "../quota/claim.ts";
import { callQuota } from "../quota/client.ts";
import { toLimits } from "../quota/limits.ts";
import { quotaName } from "../quota/name.ts";
import { toWire } from "../quota/rate-limit.ts";
import { callerOf } from "./caller.ts";

export const usage = new Hono<AppEnv>().get("/", async (c) => {
  const { user, env, waitUntil } = callerOf(c);
  const { catalog } = await catalogFor(user, env.CATALOG, Date.now(), waitUntil);
  const quota = await quotaName(user, env.QUOTA_PEPPER);
  return underClaim(user, quota, async (claim) => {
    const { name, plan } = choosePlan(catalog, claim.plan);
    const seen = await callQuota(env, quota, (object) => object.view(claim, toLimits(plan)));
    if (isRefused(seen)) return seen;
    const { windows, leases } = seen.view;
    return c.json({ plan: name, windows: windows.map(toWire), leases, max_output_tokens: plan.max_output_tokens });
  });
});
