// The catalogs that this isolate works with: copies of KV's active and canary revisions, refreshed behind the requests.
// A chat waits for KV when an isolate is new or was idle, for a second at most, and never fails for it (docs/storage.md).

import * as v from "valibot";
import type { Canary } from "./canary.ts";
import { isInCanary } from "./canary.ts";
import bundled from "./default.json" with { type: "json" };
import { parseCatalog, readCatalog } from "./parse.ts";
import { InternalError } from "../errors.ts";
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
  /** When KV said so (epoch ms). */
  readAt: number;
  /** When it should be read again (epoch ms). */
  staleAt: number;
}

const FRESH_MS = 30_000;
/** When KV has failed, it is asked again after this. */
const RETRY_MS = 5000;
/** A refresh that has not ended by then is taken for dead, and another may begin. */
const REFRESH_MS = 10_000;
/** A copy of that age is from before an idle time: the request that finds it waits for KV, as the first one does. */
const OLD_MS = 90_000;
/** How long a request waits for KV before it goes on with the last good catalog, or the bundled one. */
const LONGEST_WAIT_MS = 1000;
/** A revision never changes; but a miss is kept at the edge as long as a hit, so not for longer than this. */
const REVISION_CACHE_S = 300;
const COMPLAINT_MS = 60_000;

// Data is shared between requests, promises are not: a promise belongs to the request that made it.
let held: Held | undefined;
/** What was held before somebody published here. */
let lastGood: Held | undefined;
let refreshingSince = 0;
/** Readings in the order in which they began; an older one never replaces what a newer one has found. */
let begun = 0;
let keptFrom = 0;
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

/** Makes the next request read KV, for who publishes in this isolate. */
export function rereadCatalog(): void {
  lastGood = held ?? lastGood;
  held = undefined;
  refreshingSince = 0;
  keptFrom = begun;
}

/** Forgets everything, as a new isolate would: for tests. */
export function forgetCatalog(): void {
  rereadCatalog();
  lastGood = undefined;
}

/** A copy that is stale, but not old, is used while it is refreshed under `waitUntil`. */
async function current(kv: KVNamespace, now: number, waitUntil: WaitUntil): Promise<Held> {
  if (held && now < held.staleAt) return held;
  const isBeingRefreshed = now - refreshingSince <= REFRESH_MS;
  if (held && isBeingRefreshed) return held;
  refreshingSince = now;
  const refresh = read(kv, now);
  waitUntil(refresh);
  if (held && now - held.readAt < OLD_MS) return held;
  const inTime = await Promise.race([refresh, scheduler.wait(LONGEST_WAIT_MS)]);
  if (inTime) return inTime;
  const { active, canary } = fallback();
  complain(`KV took longer than ${LONGEST_WAIT_MS} ms`, now, active.revision);
  return (held ??= { active, canary, readAt: now, staleAt: now });
}

/** What there is without KV. */
function fallback(): Pick<Held, "active" | "canary"> {
  return held ?? lastGood ?? { active: bundledCatalog(), canary: undefined };
}

/** What KV says, or what there is without it; held from now on, unless a later reading was faster. */
async function read(kv: KVNamespace, now: number): Promise<Held> {
  begun += 1;
  const order = begun;
  let result: Held;
  try {
    result = { ...(await readPointed(kv)), readAt: now, staleAt: now + FRESH_MS };
  } catch (error) {
    const known = fallback();
    complain(String(error), now, known.active.revision);
    result = { active: known.active, canary: known.canary, readAt: now, staleAt: now + RETRY_MS };
  }
  if (order > keptFrom) {
    keptFrom = order;
    held = result;
    refreshingSince = 0;
  }
  return result;
}

async function readPointed(kv: KVNamespace): Promise<Pick<Held, "active" | "canary">> {
  const pointer = v.parse(Pointer, (await kv.get(POINTER_KEY, "json")) ?? { active: null });
  const active = await load(kv, pointer.active ?? BUNDLED);
  if (!pointer.canary) return { active, canary: undefined };
  try {
    return { active, canary: { ...pointer.canary, ...(await load(kv, pointer.canary.revision)) } };
  } catch (error) {
    // A canary that cannot be read is nobody's; the active revision is everybody's.
    complain(String(error), Date.now(), active.revision);
    return { active, canary: undefined };
  }
}

/** A revision, from the copies where they hold it. Throws when it is not there, or not valid. */
async function load(kv: KVNamespace, revision: string): Promise<ActiveCatalog> {
  if (revision === BUNDLED) return bundledCatalog();
  for (const copy of [held?.active, held?.canary, lastGood?.active, lastGood?.canary]) {
    if (copy?.revision === revision) return { catalog: copy.catalog, revision };
  }
  const key = revisionKey(revision);
  const document: unknown = await kv.get(key, { type: "json", cacheTtl: REVISION_CACHE_S });
  if (document === null) throw new InternalError(`${key} is not there`);
  const read = readCatalog(document);
  if (!read.ok) throw new InternalError(`${key}: ${read.faults.slice(0, 3).join("; ")}`);
  // A later version of Weir has published it: its other sections still hold here.
  if (read.ignored.length > 0)
    console.warn(JSON.stringify({ event: "catalog_fields_ignored", revision, fields: read.ignored }));
  return { catalog: read.catalog, revision };
}

let completed: Catalog | undefined;

/** The catalog that travels with the Worker, complete. */
export function bundledCatalog(): ActiveCatalog {
  if (!completed) {
    const parsed = parseCatalog(bundled);
    if (!parsed.ok) throw new InternalError(`default.json: ${parsed.faults.join("; ")}`);
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
