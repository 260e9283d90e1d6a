// The feature usage: GET /usage, the caller's plan with the used, reserved and remaining quota, and the history by day.

import { Hono } from "hono";
import type { AppEnv, Feature } from "../../core/feature.ts";
import { historyDays } from "../../core/quota/history-query.ts";
import { planAndUsage } from "../../core/quota/plan-and-usage.ts";
import { toDayObject, toWindowObject } from "../../core/quota/rate-limit.ts";

const app = new Hono<AppEnv>().get("/", async (c) => {
  const days = historyDays(c.req.query());
  const { name, plan, view, history } = await planAndUsage(c.get("caller"), days);
  const { windows, leases } = view;
  return c.json({
    plan: name,
    windows: windows.map(toWindowObject),
    leases,
    max_output_tokens: plan.max_output_tokens,
    ...(days > 0 && { history: history.map(toDayObject) }),
  });
});

export const usage: Feature = {
  name: "usage",
  routes: [
    {
      path: "/usage",
      access: "user",
      app,
      summary: "`GET`: the caller's plan: used, reserved, left and reset of each window, and the use by day",
    },
  ],
};
