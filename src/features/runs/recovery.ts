// Reads stored runs, and ends those that a restart of the object interrupted.

import { activeCatalog } from "../../core/catalog/store.ts";
import type { Bindings } from "../../core/env.ts";
import { InternalError } from "../../core/errors.ts";
import { toLogged } from "../../core/log.ts";
import { settleLate } from "../../core/quota/late-settlement.ts";
import { toUsd } from "../../core/quota/limits.ts";
import { loggedUser } from "../../core/quota/name.ts";
import { readContent } from "./content.ts";
import { failedEvent, runInterrupted, runNotFound, runTooLarge } from "./failures.ts";
import { createLog } from "./log.ts";
import type { EndedRun } from "./replies.ts";
import type { Seal } from "./seal.ts";
import type { RunStore, StoredRun } from "./storage.ts";

/** The object's environment and lifetime. */
export interface RecoveryContext {
  env: Bindings;
  store: RunStore;
  waitUntil: (work: Promise<unknown>) => void;
}

/** After a failed settlement, the alarm tries again. */
const RETRY_MS = 60_000;

/**
 * Decrypts an ended run. Damaged content counts as lost: the run then has only its failure. Throws 404 when there is no
 * content to read.
 */
export async function readKept(store: RunStore, seal: Seal, stored: StoredRun | undefined): Promise<EndedRun> {
  if (!stored || stored.state === "forgotten" || stored.isUnstored) throw runNotFound();
  if (stored.isTooLarge) return { log: createLog(), addedFailure: failedEvent(runTooLarge()) };
  const events = await readContent(store.contentOf(seal.id, stored), seal);
  const isComplete = events !== undefined && !stored.isInterrupted;
  return { log: createLog(events), ...(!isComplete && { addedFailure: failedEvent(runInterrupted()) }) };
}

/**
 * Settles a stored run that has a reservation and is not live. If it is open, its object was restarted: it is charged
 * what its last flush stored, and marked as interrupted. Throws 503 `quota_unavailable`. A repeated call is safe.
 */
export async function settleStored({ env, store, waitUntil }: RecoveryContext, id: string): Promise<void> {
  const stored = store.load(id);
  if (!stored || (stored.state !== "open" && !stored.lease)) return;
  const now = Date.now();
  const isInterrupted = stored.state === "open";
  if (stored.lease) {
    const { name, charge } = stored.lease;
    const { catalog } = await activeCatalog(env.CATALOG, now, waitUntil);
    await settleLate({ env, catalog, waitUntil, ...stored.lease });
    const event = isInterrupted ? "run_interrupted" : "run_settled";
    const charged = { charged: charge.tokens, usd: toUsd(charge.nanoUsd) };
    console.warn(JSON.stringify({ event, user: loggedUser(name), ...charged }));
  }
  // Meanwhile another call can have settled or deleted it, and its key can have a new run.
  const current = store.load(id);
  if (current?.state !== stored.state || current.keptUntil !== stored.keptUntil) return;
  const { lease: _, ...rest } = current;
  if (!isInterrupted) return store.save(id, rest);
  store.save(id, {
    ...rest,
    state: "ended",
    isInterrupted,
    keptUntil: Math.min(stored.keptUntil, now + stored.keepMs),
  });
}

/** Settles all stored runs. None of them may be live. Never rejects: the alarm tries again. */
export async function settleAllStored(context: RecoveryContext): Promise<void> {
  const unsettled = [...context.store.entries].filter(([, entry]) => isUnsettled(entry));
  await Promise.all(unsettled.map(([id]) => settleStored(context, id).catch(logUnsettled)));
}

const isUnsettled = (entry: { state: string; isUnsettled: boolean }) => entry.state === "open" || entry.isUnsettled;

/** For the alarm: settles overdue runs, and removes expired ones. */
export async function endOverdue(context: RecoveryContext, isLive: (id: string) => boolean): Promise<void> {
  const { store } = context;
  const now = Date.now();
  let earliest = 0;
  for (const [id, entry] of store.entries) {
    if (entry.keptUntil > now) continue;
    try {
      if (isLive(id)) throw new InternalError("the run is overdue and still live");
      // A run of another version cannot be read.
      if (isUnsettled(entry)) await settleStored(context, id);
      if (!isLive(id)) store.remove(id);
    } catch (error) {
      logUnsettled(error);
      earliest = now + RETRY_MS;
    }
  }
  await store.afterAlarm(earliest);
}

function logUnsettled(error: unknown): void {
  console.error(JSON.stringify({ event: "run_not_settled", reason: toLogged(error) }));
}
