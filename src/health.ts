// GET /healthz: whether this Worker answers, with which catalog, and how much an operator should look at. Public: it
// says nothing about callers.

import { Hono } from "hono/tiny";
import { publisherOf } from "./features/admin-catalog/publisher-client.ts";
import { activeCatalog } from "./core/catalog/store.ts";
import type { AppEnv, Bindings } from "./core/env.ts";

const REMEMBERED_MS = 10_000;
const LONGEST_WAIT_MS = 1000;

let counted: { notices: number | null; at: number } | undefined;

export const health = new Hono<AppEnv>().get("/", async (c) => {
  const now = Date.now();
  const { revision } = await activeCatalog(c.env.CATALOG, now, (work) => c.executionCtx.waitUntil(work));
  return c.json({ status: "ok", revision, notices: await countNotices(c.env, now) });
});

/** How many notices there are (GET /admin/catalog/notices); null before the first daily look, or when nobody knows. */
async function countNotices(env: Bindings, now: number): Promise<number | null> {
  if (counted && now - counted.at < REMEMBERED_MS) return counted.notices;
  const asked = publisherOf(env, (publisher) => publisher.notices()).catch(() => undefined);
  const kept = await Promise.race([asked, scheduler.wait(LONGEST_WAIT_MS)]);
  counted = { notices: kept?.notices.length ?? null, at: now };
  return counted.notices;
}
