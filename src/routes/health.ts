// GET /healthz: whether this Worker answers, and with which catalog. Public: it says nothing about callers.

import { Hono } from "hono";
import { activeCatalog } from "../catalog/store.ts";
import type { AppEnv } from "../env.ts";

export const health = new Hono<AppEnv>().get("/", async (c) => {
  const { revision } = await activeCatalog(c.env.CATALOG, Date.now(), (work) => c.executionCtx.waitUntil(work));
  return c.json({ status: "ok", revision });
});
