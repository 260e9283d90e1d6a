// The catalogs that this isolate works with: copies of KV's active and canary revisions, refreshed behind the requests.
// A chat waits for KV at most once in an isolate's life and never fails for it (docs/storage.md).

import * as v from "valibot";
import type { Canary } from "./canary.ts";
import { isInCanary } from "./canary.ts";
import bundled from "./default.json" with { type: "json" };
import { parseCatalog } from "./parse.ts";
import { BUNDLED, Pointer, POINTER_KEY, revisionKey } from "./pointer.ts";
import type { Catalog } from "./schema.ts";

/** A catalog and the revision that it is: the hash of a stored one, or "bundled". */
export interface ActiveCatalog {
  catalog: Catalog;
  revision: string;
}

interface Held {
  active: ActiveCatalog;
  canary: (Canary & ActiveCatalog) | undefined;
  /** Epoch ms from which on it should be read again. */
  staleAt: number;
}

const FRESH_MS = 30_000;
/** When KV has failed, it is asked again after this. */
const RETRY_MS = 5000;
/** A refresh that has not ended by then is taken for dead, and another may begin. */
const REFRESH_MS = 10_000;
/** The first request of an isolate waits this long for KV, and then begins with the bundled catalog. */
const FIRST_READ_MS = 1000;
/** A revision never changes; but a miss is kept at the edge as long as a hit, so not for longer than this. */
const REVISION_CACHE_S = 300;
const COMPLAINT_MS = 60_000;

// Data is shared between requests, promises are not: a promise belongs to the request that made it.
let held: Held | undefined;
let refreshingSince = 0;
/** Counts what was forgotten, so that a reading that began before is not kept. */
let generation = 0;
let complainedAt = 0;

type WaitUntil = (work: Promise<unknown>) => void;

/** The catalog for a user at `now` (epoch ms): the canary's for its share of the users, else the active one. */
export async function catalogFor(
  user: { issuer: string; subject: string },
  kv: KVNamespace,
  now: number,
  waitUntil: WaitUntil,
): Promise<ActiveCatalog> {
  const { active, canary } = await current(kv, now, waitUntil);
  return canary && (await isInCanary(canary, user)) ? canary : active;
}

/** The catalog of all who are not in a canary. */
export async function activeCatalog(kv: KVNamespace, now: number, waitUntil: WaitUntil): Promise<ActiveCatalog> {
  return (await current(kv, now, waitUntil)).active;
}

/** Forgets the copies, so that the next request reads KV: for tests, and for who publishes in this isolate. */
export function forgetCatalog(): void {
  held = undefined;
  refreshingSince = 0;
  generation += 1;
}

/** A stale copy is used while it is refreshed under `waitUntil`. */
async function current(kv: KVNamespace, now: number, waitUntil: WaitUntil): Promise<Held> {
  if (held && now < held.staleAt) return held;
  const idle = now - refreshingSince > REFRESH_MS;
  if (held && !idle) return held;
  refreshingSince = now;
  const refresh = read(kv, now);
  waitUntil(refresh);
  if (held) return held;
  const first = await Promise.race([refresh, scheduler.wait(FIRST_READ_MS)]);
  if (first) return first;
  complain(`KV took longer than ${FIRST_READ_MS} ms`, now);
  return (held ??= { active: bundledCatalog(), canary: undefined, staleAt: now });
}

/** What KV says, or what is held when it says nothing of use; held from now on, unless it was forgotten meanwhile. */
async function read(kv: KVNamespace, now: number): Promise<Held> {
  const begunIn = generation;
  let { active, canary } = held ?? { active: bundledCatalog(), canary: undefined };
  let staleAt = now + FRESH_MS;
  try {
    const pointer = v.parse(Pointer, (await kv.get(POINTER_KEY, "json")) ?? { active: null });
    active = await load(kv, pointer.active ?? BUNDLED);
    // A canary that cannot be read is nobody's; the active revision is everybody's.
    canary = undefined;
    if (pointer.canary) canary = { ...pointer.canary, ...(await load(kv, pointer.canary.revision)) };
  } catch (error) {
    staleAt = now + RETRY_MS;
    complain(String(error), now, active.revision);
  }
  const result = { active, canary, staleAt };
  if (begunIn === generation) {
    held = result;
    refreshingSince = 0;
  }
  return result;
}

/** A revision, from the copies where they hold it. Throws when it is not there, or not valid. */
async function load(kv: KVNamespace, revision: string): Promise<ActiveCatalog> {
  if (revision === BUNDLED) return bundledCatalog();
  for (const copy of [held?.active, held?.canary]) {
    if (copy?.revision === revision) return { catalog: copy.catalog, revision };
  }
  const key = revisionKey(revision);
  const document: unknown = await kv.get(key, { type: "json", cacheTtl: REVISION_CACHE_S });
  if (document === null) throw new Error(`${key} is not there`);
  const parsed = parseCatalog(document);
  if (!parsed.ok) throw new Error(`${key}: ${parsed.faults.slice(0, 3).join("; ")}`);
  return { catalog: parsed.catalog, revision };
}

let completed: Catalog | undefined;

/** The catalog that travels with the Worker, complete. */
export function bundledCatalog(): ActiveCatalog {
  if (!completed) {
    const parsed = parseCatalog(bundled);
    if (!parsed.ok) throw new Error(`default.json: ${parsed.faults.join("; ")}`);
    completed = parsed.catalog;
  }
  return { catalog: completed, revision: BUNDLED };
}

/** The document that the bundled catalog is made of. */
export const bundledDocument: unknown = bundled;

function complain(reason: string, now: number, using = BUNDLED): void {
  if (now - complainedAt < COMPLAINT_MS) return;
  complainedAt = now;
  console.warn(JSON.stringify({ event: "catalog_unreadable", using, reason }));
}
