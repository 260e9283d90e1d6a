// From Hono's context to what the core needs of a request: the only place that knows both.

import type { Context } from "hono";
import type { AppEnv } from "./env.ts";
import type { Caller } from "./gateway/call.ts";

export function callerOf(c: Context<AppEnv>): Caller {
  return {
    env: c.env,
    user: c.get("user"),
    requestId: c.get("requestId"),
    timing: c.get("timing"),
    signal: c.req.raw.signal,
    waitUntil: (work) => c.executionCtx.waitUntil(work),
  };
}
