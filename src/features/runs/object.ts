// The Durable Object with the runs of one user. It holds the provider's connections, so a run outlives its readers.
// The gateway makes all decisions about quota and money.

import { DurableObject } from "cloudflare:workers";
import type { Bindings } from "../../core/env.ts";
import { setNewest } from "../../core/bounded-map.ts";
import { toApiError } from "../../core/errors.ts";
import { clock } from "../../core/gateway/request-state.ts";
import { createServerTiming } from "../../core/http/server-timing.ts";
import { slimCall } from "../slim-chat/exchange.ts";
import { fromCatalogText } from "./catalog-text.ts";
import { runsOf } from "./catalog.ts";
import { keyReused, runCancelled, runForgotten, runNotFound, runsUnavailable } from "./failures.ts";
import { INTERRUPTED_ID } from "./log.ts";
import type { CancelMessage, ReadMessage, RunReply, StartMessage } from "./messages.ts";
import { MESSAGE_VERSION, toRefusedReply } from "./messages.ts";
import type { RecoveryContext } from "./recovery.ts";
import { endOverdue, readKept, settleAllStored, settleStored } from "./recovery.ts";
import * as replies from "./replies.ts";
import { lostRun, unknownEventId } from "./request.ts";
import type { Run } from "./run.ts";
import { startRun } from "./run.ts";
import type { Seal } from "./seal.ts";
import { createSeal } from "./seal.ts";
import type { RunStore, StoredRun } from "./storage.ts";
import { openRunStore } from "./storage.ts";

/** For this time after a DELETE of an unknown run, its POST is refused: a small request can overtake a large one. */
const CANCELLED_MS = 60_000;
const MAX_REMEMBERED = 256;
/** Ended runs in memory, of up to 8 MB each. */
const MAX_UNSTORED = 8;

export class UserRuns extends DurableObject<Bindings> {
  readonly #live = new Map<string, Run>();
  /** Ended runs whose content is only in memory. */
  readonly #unstored = new Map<string, Run>();
  /** The time (epoch ms) of each DELETE that found no run, by run id. */
  readonly #cancelledAt = new Map<string, number>();
  /** The number of the next attempt, by run id. The attempts before it cost nothing. */
  readonly #attempts = new Map<string, number>();
  #store: RunStore | undefined;

  /** Starts the run of a key, or attaches to it. */
  start(message: StartMessage): Promise<RunReply> {
    return this.#reply(message, (seal, store) => {
      const { live, stored } = this.#find(seal.id, store);
      const fingerprint = live?.fingerprint ?? stored?.fingerprint;
      if (fingerprint !== undefined && fingerprint !== message.fingerprint) throw keyReused();
      if (live) return this.#read(live, message, true);
      if (stored?.state === "forgotten" || stored?.isUnstored) throw runForgotten();
      if (stored) return this.#readStored(seal, store, stored, message);
      if (Date.now() - (this.#cancelledAt.get(seal.id) ?? 0) < CANCELLED_MS) throw runCancelled();
      // The caller has received events of a run that is lost. Those of a new run would not continue its text.
      if (message.after > 0) throw lostRun(message.after);
      return this.#read(this.#start(seal, store, message), message, false);
    });
  }

  /** Reads a run. */
  read(message: ReadMessage): Promise<RunReply> {
    return this.#reply(message, (seal, store) => {
      const { live, stored } = this.#find(seal.id, store);
      if (live) return this.#read(live, message, true);
      return this.#readStored(seal, store, stored, message);
    });
  }

  /** Cancels a run and returns how it ended. With `forget`, deletes its content. */
  cancel(message: CancelMessage): Promise<RunReply> {
    return this.#reply(message, async (seal, store) => {
      this.#live.get(seal.id)?.cancel();
      await this.#live.get(seal.id)?.stored;
      const { live, stored } = this.#find(seal.id, store);
      if (!stored) {
        setNewest(this.#cancelledAt, seal.id, Date.now(), MAX_REMEMBERED);
        throw runNotFound();
      }
      const headers = { "weir-run": message.key };
      if (message.forget) {
        this.#unstored.delete(seal.id);
        store.forget(seal.id, stored);
        return replies.emptyReply(headers);
      }
      return replies.endingReply(live ?? (await readKept(store, seal, stored)), headers);
    });
  }

  /** Cancels all runs of the user and deletes everything. */
  async clear(): Promise<void> {
    while (this.#live.size > 0) {
      const runs = [...this.#live.values()];
      for (const run of runs) run.cancel();
      await Promise.all(runs.map((run) => run.stored));
    }
    this.#unstored.clear();
    await (await this.#open()).clear();
  }

  /** Deletes expired runs, and settles interrupted ones that nobody has read. */
  override async alarm(): Promise<void> {
    const store = await this.#open();
    await endOverdue(this.#recovery(store), (id) => this.#live.has(id));
    for (const id of this.#unstored.keys()) if (!store.entries.has(id)) this.#unstored.delete(id);
  }

  /** Opens storage, ends the run of the key if it was interrupted, and returns the reply of `work`, or its error. */
  async #reply(
    { v, name, key }: Pick<ReadMessage, "v" | "name" | "key">,
    work: (seal: Seal, store: RunStore) => Promise<RunReply>,
  ): Promise<RunReply> {
    try {
      if (v !== MESSAGE_VERSION) throw runsUnavailable("the Worker has another version than the object");
      const store = await this.#open();
      const seal = await createSeal(this.env.QUOTA_PEPPER, name, key);
      if (!this.#live.has(seal.id)) await settleStored(this.#recovery(store), seal.id);
      return await work(seal, store);
    } catch (thrown) {
      return toRefusedReply(toApiError(thrown));
    }
  }

  async #open(): Promise<RunStore> {
    const alarmAt = this.#store ? null : await this.ctx.storage.getAlarm();
    if (this.#store) return this.#store;
    const store = openRunStore(this.ctx.storage, alarmAt);
    this.#store = store;
    // After a restart no run is live. Until it is settled, an interrupted one counts as concurrent.
    this.ctx.waitUntil(settleAllStored(this.#recovery(store)));
    return store;
  }

  #recovery(store: RunStore): RecoveryContext {
    return { env: this.env, store, waitUntil: (work) => this.ctx.waitUntil(work) };
  }

  /** Finds a run in memory and in storage. Removes an expired one. */
  #find(id: string, store: RunStore): { live?: Run | undefined; stored?: StoredRun | undefined } {
    const live = this.#live.get(id);
    if (live) return { live, stored: store.load(id) };
    const stored = store.load(id);
    if (stored && stored.keptUntil > Date.now()) return { live: this.#unstored.get(id), stored };
    this.#unstored.delete(id);
    if (stored) store.remove(id);
    return {};
  }

  #start(seal: Seal, store: RunStore, message: StartMessage): Run {
    const { env, ctx } = this;
    const { name, user, revision, requestId, request, fingerprint } = message;
    const catalog = fromCatalogText(message.catalogText);
    const settings = runsOf(catalog);
    const run = startRun({
      name,
      caller: {
        env,
        user,
        catalog,
        revision,
        requestId,
        timing: createServerTiming(message.receivedAt),
        // A run has no connection that could be lost.
        signal: new AbortController().signal,
        readsAlways: true,
        retriesItself: false,
        waitUntil: (work) => ctx.waitUntil(work),
      },
      call: slimCall({ ...request, stream: true }),
      settings,
      fingerprint,
      seal,
      store,
      clock,
      attempt: this.#attempts.get(seal.id) ?? 0,
    });
    this.#live.set(seal.id, run);
    const retire = async () => {
      const attempt = await run.stored;
      setNewest(this.#attempts, seal.id, attempt, MAX_REMEMBERED);
      this.#live.delete(seal.id);
      if (settings.store === "memory" && run.log.ending) setNewest(this.#unstored, seal.id, run, MAX_UNSTORED);
    };
    // Keeps the object in memory until the run is stored.
    ctx.waitUntil(retire());
    return run;
  }

  async #read(run: Run, { key, after, form }: ReadMessage, isReplay: boolean): Promise<RunReply> {
    const { log, readers } = run;
    const replayed = { "weir-run": key, ...(isReplay && { "idempotent-replayed": "true" }) };
    if (form === "state" && !log.ending) return replies.runningReply(log, replayed);
    const first = await run.head;
    const headers = { ...(isReplay ? replies.replayedHeaders(first) : Object.fromEntries(first)), ...replayed };
    if (form !== "stream") {
      await run.ended;
      return replies.endedJsonReply(run, headers);
    }
    if (log.ending || after === INTERRUPTED_ID) return replies.endedStreamReply(run, after, headers);
    if (after > log.count) throw unknownEventId(after, log.count);
    return replies.streamReply(readers.add(after), headers);
  }

  async #readStored(
    seal: Seal,
    store: RunStore,
    stored: StoredRun | undefined,
    { key, after, form }: ReadMessage,
  ): Promise<RunReply> {
    const ended = await readKept(store, seal, stored);
    const headers = { ...stored?.head, "weir-run": key, "idempotent-replayed": "true" };
    return form === "stream" ? replies.endedStreamReply(ended, after, headers) : replies.endedJsonReply(ended, headers);
  }
}
