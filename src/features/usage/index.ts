// The feature usage: GET /usage, the caller's plan with the used, reserved and remaining quota.

import { Hono } from "hono";
import type { AppEnv, Feature } from "../../core/feature.ts";
import { planAndUsage } from "../../core/quota/plan-and-usage.ts";
import { toWindowObject } from "../../core/quota/rate-limit.ts";

const app = new Hono<AppEnv>().get("/", async (c) => {
  const { name, plan, view } = await planAndUsage(c.get("caller"));
  const { windows, leases } = view;
  return c.json({
    plan: name,
    windows: windows.map(toWindowObject),
    leases,
    max_output_tokens: plan.max_output_tokens,
  });
});

export const usage: Feature = {
  name: "usage",
  routes: [
    {
      path: "/usage",
      access: "user",
      app,
      summary: "`GET`: the caller's plan: used, reserved, left and reset of each window",
    },
  ],
};
