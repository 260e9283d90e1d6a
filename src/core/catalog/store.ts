// The isolate's cached copies of the active and canary catalogs, with stale-while-revalidate (docs/storage.md).
// A request waits for KV only in a new or idle isolate, at most 1 s. No request fails when KV fails.

import * as v from "valibot";
import type { Canary } from "./canary.ts";
import { isInCanary } from "./canary.ts";
import bundled from "./default.json" with { type: "json" };
import { parseCatalog, readCatalog } from "./parse.ts";
import { InternalError } from "../errors.ts";
import { BUNDLED, Pointer, POINTER_KEY, revisionKey } from "./pointer.ts";
import type { Catalog } from "./schema.ts";

/** A catalog and its revision: a content hash, or "bundled". */
export interface CatalogRevision {
  catalog: Catalog;
  revision: string;
}

interface Cached {
  active: CatalogRevision;
  canary: (Canary & CatalogRevision) | undefined;
  /** Time of the KV read (epoch ms). */
  readAt: number;
  /** Time of the next refresh (epoch ms). */
  staleAt: number;
}

const FRESH_MS = 30_000;
/** Delay of the next read after a KV failure. */
const RETRY_MS = 5000;
/** A refresh that takes longer counts as failed, and the next request starts another. */
const REFRESH_MS = 10_000;
/** An idle isolate has an older copy: its next request waits for KV, like the first one. */
const MAX_STALE_MS = 90_000;
/** After this wait for KV, a request uses the last good catalog, or the bundled one. */
const MAX_WAIT_MS = 1000;
/** A revision never changes, but KV also caches misses for this time, so it is short. */
const REVISION_CACHE_S = 300;
/** Minimum interval between two warnings. */
const WARN_EVERY_MS = 60_000;

// Requests share data but not promises, because a promise is bound to the request that created it.
let cached: Cached | undefined;
/** The copy before the last invalidation. */
let lastGood: Cached | undefined;
let refreshingSince = 0;
/** Number of KV reads started. The result of an older read never replaces that of a newer one. */
let readsStarted = 0;
/** The read that `cached` comes from. */
let cachedRead = 0;
let warnedAt = 0;

type WaitUntil = (work: Promise<unknown>) => void;

/** Returns a user's catalog at `now` (epoch ms): the canary for its share of the users, else the active one. */
export async function catalogFor(
  user: { issuer: string; subject: string },
  kv: KVNamespace,
  now: number,
  waitUntil: WaitUntil,
): Promise<CatalogRevision> {
  const { active, canary } = await current(kv, now, waitUntil);
  return canary && (await isInCanary(canary, user)) ? canary : active;
}

/** Returns the active catalog at `now` (epoch ms), without the canary. */
export async function activeCatalog(kv: KVNamespace, now: number, waitUntil: WaitUntil): Promise<CatalogRevision> {
  return (await current(kv, now, waitUntil)).active;
}

/** Makes the next request read KV. Called after a revision was published in this isolate. */
export function invalidateCatalog(): void {
  lastGood = cached ?? lastGood;
  cached = undefined;
  refreshingSince = 0;
  cachedRead = readsStarted;
}

/** Resets the cache to that of a new isolate. */
export function resetCatalogForTests(): void {
  invalidateCatalog();
  lastGood = undefined;
}

/** Returns the cached copy. Refreshes a stale one under `waitUntil`, and waits for KV when it is too old. */
async function current(kv: KVNamespace, now: number, waitUntil: WaitUntil): Promise<Cached> {
  if (cached && now < cached.staleAt) return cached;
  const isBeingRefreshed = now - refreshingSince <= REFRESH_MS;
  if (cached && isBeingRefreshed) return cached;
  refreshingSince = now;
  const refresh = read(kv, now);
  waitUntil(refresh);
  if (cached && now - cached.readAt < MAX_STALE_MS) return cached;
  const inTime = await Promise.race([refresh, scheduler.wait(MAX_WAIT_MS)]);
  if (inTime) return inTime;
  const { active, canary } = fallback();
  warn(`KV took longer than ${MAX_WAIT_MS} ms`, now, active.revision);
  return (cached ??= { active, canary, readAt: now, staleAt: now });
}

/** The catalogs without KV: the last good copy, else the bundled one. */
function fallback(): Pick<Cached, "active" | "canary"> {
  return cached ?? lastGood ?? { active: bundledCatalog(), canary: undefined };
}

/** Reads the catalogs from KV, or falls back. Caches the result unless a later read has finished first. */
async function read(kv: KVNamespace, now: number): Promise<Cached> {
  readsStarted += 1;
  const order = readsStarted;
  let result: Cached;
  try {
    result = { ...(await readPointed(kv)), readAt: now, staleAt: now + FRESH_MS };
  } catch (error) {
    const { active, canary } = fallback();
    warn(String(error), now, active.revision);
    result = { active, canary, readAt: now, staleAt: now + RETRY_MS };
  }
  if (order > cachedRead) {
    cachedRead = order;
    cached = result;
    refreshingSince = 0;
  }
  return result;
}

async function readPointed(kv: KVNamespace): Promise<Pick<Cached, "active" | "canary">> {
  const pointer = v.parse(Pointer, (await kv.get(POINTER_KEY, "json")) ?? { active: null });
  const active = await load(kv, pointer.active ?? BUNDLED);
  if (!pointer.canary) return { active, canary: undefined };
  try {
    return { active, canary: { ...pointer.canary, ...(await load(kv, pointer.canary.revision)) } };
  } catch (error) {
    // An unreadable canary is disabled: all users get the active revision.
    warn(String(error), Date.now(), active.revision);
    return { active, canary: undefined };
  }
}

/** Returns a revision, from the cached copies if possible. Throws an InternalError when it is missing or not valid. */
async function load(kv: KVNamespace, revision: string): Promise<CatalogRevision> {
  if (revision === BUNDLED) return bundledCatalog();
  for (const copy of [cached?.active, cached?.canary, lastGood?.active, lastGood?.canary]) {
    if (copy?.revision === revision) return { catalog: copy.catalog, revision };
  }
  const key = revisionKey(revision);
  const document: unknown = await kv.get(key, { type: "json", cacheTtl: REVISION_CACHE_S });
  if (document === null) throw new InternalError(`KV has no value for '${key}'`);
  const read = readCatalog(document);
  if (!read.ok) throw new InternalError(`${key}: ${read.faults.slice(0, 3).join("; ")}`);
  // A later version of Weir published this revision. All known parts of it are used.
  if (read.ignored.length > 0)
    console.warn(JSON.stringify({ event: "catalog_fields_ignored", revision, fields: read.ignored }));
  return { catalog: read.catalog, revision };
}

let completed: Catalog | undefined;

/** Returns the catalog that is bundled with the Worker, with every default. */
export function bundledCatalog(): CatalogRevision {
  if (!completed) {
    const parsed = parseCatalog(bundled);
    if (!parsed.ok) throw new InternalError(`default.json: ${parsed.faults.join("; ")}`);
    completed = parsed.catalog;
  }
  return { catalog: completed, revision: BUNDLED };
}

/** The source document of the bundled catalog. */
export const bundledDocument: unknown = bundled;

function warn(reason: string, now: number, using = BUNDLED): void {
  if (now - warnedAt < WARN_EVERY_MS) return;
  warnedAt = now;
  console.warn(JSON.stringify({ event: "catalog_unreadable", using, reason }));
}
