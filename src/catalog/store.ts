// The catalog that this isolate works with: a copy of KV's active revision, refreshed behind the requests.
// A chat waits for KV at most once in an isolate's life and never fails for it (docs/storage.md).

import * as v from "valibot";
import bundled from "./default.json" with { type: "json" };
import type { Catalog } from "./schema.ts";
import { parseCatalog } from "./schema.ts";

/** A catalog and the revision that it is: the hash of a stored one, or "bundled". */
export interface ActiveCatalog {
  catalog: Catalog;
  revision: string;
}

const FRESH_MS = 30_000;
/** A refresh that has not ended by then is taken for dead, and another may begin. */
const REFRESH_MS = 10_000;
/** The first request of an isolate waits this long for KV, and then begins with the bundled catalog. */
const FIRST_READ_MS = 1000;
/** A revision never changes; but a miss is kept at the edge as long as a hit, so not for longer than this. */
const REVISION_CACHE_S = 300;

const Pointer = v.object({ active: v.string() });

// Data is shared between requests, promises are not: a promise belongs to the request that made it.
let held: (ActiveCatalog & { readAt: number }) | undefined;
let refreshingSince = 0;
let complainedAt = 0;

/** The catalog to use at `now` (epoch ms). A stale copy is used while it is refreshed under `waitUntil`. */
export async function activeCatalog(
  kv: KVNamespace,
  now: number,
  waitUntil: (work: Promise<unknown>) => void,
): Promise<ActiveCatalog> {
  if (held && now - held.readAt < FRESH_MS) return held;
  const idle = now - refreshingSince > REFRESH_MS;
  if (held && !idle) return held;
  refreshingSince = now;
  const refresh = read(kv, now).finally(() => (refreshingSince = 0));
  waitUntil(refresh);
  if (!held) await Promise.race([refresh, scheduler.wait(FIRST_READ_MS)]);
  // Nothing in time: begin with the bundled one, marked stale so that the next request looks again.
  held ??= { ...bundledCatalog(), readAt: 0 };
  return held;
}

/** Forgets the copy, so that the next request reads KV: for tests, and for who publishes in this isolate. */
export function forgetCatalog(): void {
  held = undefined;
  refreshingSince = 0;
}

async function read(kv: KVNamespace, now: number): Promise<void> {
  try {
    const pointer: unknown = await kv.get("catalog:current", "json");
    if (pointer === null) {
      held = { ...bundledCatalog(), readAt: now };
      return;
    }
    const { active } = v.parse(Pointer, pointer);
    if (held?.revision === active) {
      held.readAt = now;
      return;
    }
    const key = `catalog:rev:${active}`;
    const document: unknown = await kv.get(key, { type: "json", cacheTtl: REVISION_CACHE_S });
    if (document === null) throw new Error(`${key} is not there`);
    const parsed = parseCatalog(document);
    if (!parsed.ok) throw new Error(`${key}: ${parsed.faults.slice(0, 3).join("; ")}`);
    held = { catalog: parsed.catalog, revision: active, readAt: now };
  } catch (error) {
    complain(error, now);
    held = { ...(held ?? bundledCatalog()), readAt: now };
  }
}

let completed: Catalog | undefined;

/** The catalog that travels with the Worker, complete. */
export function bundledCatalog(): ActiveCatalog {
  if (!completed) {
    const parsed = parseCatalog(bundled);
    if (!parsed.ok) throw new Error(`default.json: ${parsed.faults.join("; ")}`);
    completed = parsed.catalog;
  }
  return { catalog: completed, revision: "bundled" };
}

function complain(error: unknown, now: number): void {
  if (now - complainedAt < 60_000) return;
  complainedAt = now;
  console.warn(
    JSON.stringify({ event: "catalog_unreadable", using: held?.revision ?? "bundled", reason: String(error) }),
  );
}
