// The Durable Object that publishes the catalog, one for all, because KV cannot compare and set. It stores the pointer, its
// history and the notices of the daily check. publication.ts makes the decisions.

import { DurableObject } from "cloudflare:workers";
import * as v from "valibot";
import type { Bindings } from "../../core/env.ts";
import { deploymentFaults } from "./deployment-faults.ts";
import type { Notices } from "./notices.ts";
import type { CatalogResult } from "../../core/catalog/parse.ts";
import { parseCatalog, readCatalog } from "../../core/catalog/parse.ts";
import { activeOf, BUNDLED, Pointer, POINTER_KEY, revisionKey, revisionNamed } from "../../core/catalog/pointer.ts";
import type { Intent, Move, Publication, PublishRefusal } from "./publication.ts";
import { afterMove, publishRefusal } from "./publication.ts";
import { revisionOf } from "./revision.ts";

export type PublishResult = { ok: true; revision: string; publication: Publication } | ({ ok: false } & PublishRefusal);

export class CatalogPublisher extends DurableObject<Bindings> {
  /** The last publishing; each begins when the one before has ended. */
  #last: Promise<unknown> = Promise.resolve();

  /** Stores a document under its hash, and activates it where asked to. Throws when KV fails; then nothing has moved. */
  put(document: unknown, activate: boolean, intent: Intent): Promise<PublishResult> {
    return this.#inTurn(async () => {
      const faults = this.#faultsOf(document);
      if (faults.length > 0) return { ok: false, reason: "faults", faults };
      const revision = await revisionOf(document);
      const move: Move = { kind: activate ? "activate" : "store", revision };
      const refusal = publishRefusal(await this.#publication(), move, intent);
      if (refusal) return { ok: false, ...refusal };
      await this.env.CATALOG.put(revisionKey(revision), JSON.stringify(document));
      return this.#move(move, intent);
    });
  }

  /** Moves the pointer to a revision that is stored and valid. Throws when KV fails. */
  move(move: Move, intent: Intent): Promise<PublishResult> {
    return this.#inTurn(() => this.#move(move, intent));
  }

  publication(): Promise<Publication> {
    return this.#publication();
  }

  notices(): Notices | undefined {
    return this.ctx.storage.kv.get<Notices>("notices");
  }

  keepNotices(notices: Notices): void {
    this.ctx.storage.kv.put("notices", notices);
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #move(asked: Move, intent: Intent): Promise<PublishResult> {
    const publication = await this.#publication();
    const move =
      "revision" in asked ? { ...asked, revision: revisionNamed(publication.pointer, asked.revision) } : asked;
    const refusal = publishRefusal(publication, move, intent);
    if (refusal) return { ok: false, ...refusal };
    const { next, entry } = afterMove(publication, move, intent, Date.now(), crypto.randomUUID());
    // What callers have already is not looked at: whatever it is, a trial can be ended.
    const isNew = move.kind === "store" || entry.revision !== activeOf(publication.pointer);
    const refused = isNew && entry.percent !== 0 ? await this.#readBackRefusal(entry.revision) : undefined;
    if (refused) return { ok: false, ...refused };
    // KV first: should this object die in between, repeating the call repairs it.
    if (move.kind !== "store") await this.env.CATALOG.put(POINTER_KEY, JSON.stringify(next.pointer));
    this.ctx.storage.kv.put("publication", next);
    return { ok: true, revision: entry.revision, publication: next };
  }

  /** Why callers cannot be given a revision: reads it back as they will. */
  async #readBackRefusal(revision: string): Promise<PublishRefusal | undefined> {
    if (revision === BUNDLED) return undefined;
    const document: unknown = await this.env.CATALOG.get(revisionKey(revision), "json");
    if (document === null) return { reason: "missing", revision };
    const faults = this.#deployable(readCatalog(document));
    return faults.length > 0 ? { reason: "faults", faults } : undefined;
  }

  #faultsOf(document: unknown): string[] {
    return this.#deployable(parseCatalog(document));
  }

  #deployable(result: CatalogResult): string[] {
    return result.ok ? deploymentFaults(this.env, result.catalog, Date.now()) : result.faults;
  }

  /** What is remembered; at first what KV says, so that a pointer set by hand is taken over. */
  async #publication(): Promise<Publication> {
    const kept = this.ctx.storage.kv.get<Publication>("publication");
    if (kept) return kept;
    const pointer = v.safeParse(Pointer, await this.env.CATALOG.get(POINTER_KEY, "json"));
    return { pointer: pointer.success ? pointer.output : v.parse(Pointer, { active: null }), history: [] };
  }
}
