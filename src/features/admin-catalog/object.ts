// The single Durable Object that publishes catalogs, because KV has no compare-and-set.
// It stores the pointer, its history and the notices of the daily check. publication.ts makes the decisions.

import { DurableObject } from "cloudflare:workers";
import * as v from "valibot";
import type { Bindings } from "../../core/env.ts";
import { deploymentFaults } from "./deployment-faults.ts";
import type { Notices } from "./notices.ts";
import type { CatalogResult } from "../../core/catalog/parse.ts";
import { parseCatalog, readCatalog, warningsOf } from "../../core/catalog/parse.ts";
import { activeOf, BUNDLED, Pointer, POINTER_KEY, revisionKey, revisionNamed } from "../../core/catalog/pointer.ts";
import type { Intent, Move, Publication, PublishRefusal } from "./publication.ts";
import { applyMove, publishRefusal } from "./publication.ts";
import { revisionOf } from "./revision.ts";

/** `warnings`: of a document that was stored. They do not keep it from being published. */
export type PublishResult =
  | { ok: true; revision: string; publication: Publication; warnings?: string[] }
  | ({ ok: false } & PublishRefusal);

export class CatalogPublisher extends DurableObject<Bindings> {
  /** The tail of the queue: publications run one at a time. */
  #last: Promise<unknown> = Promise.resolve();

  /**
   * Stores a document under its hash and, if `activate`, activates it. Throws when KV fails; the pointer is unchanged.
   */
  put(document: unknown, activate: boolean, intent: Intent): Promise<PublishResult> {
    return this.#enqueue(async () => {
      const parsed = parseCatalog(document);
      const faults = this.#allFaults(parsed);
      if (!parsed.ok || faults.length > 0) return { ok: false, reason: "faults", faults };
      const revision = await revisionOf(document);
      const move: Move = { kind: activate ? "activate" : "store", revision };
      const refusal = publishRefusal(await this.#publication(), move, intent);
      if (refusal) return { ok: false, ...refusal };
      await this.env.CATALOG.put(revisionKey(revision), JSON.stringify(document));
      const result = await this.#move(move, intent);
      return result.ok ? { ...result, warnings: warningsOf(parsed.catalog) } : result;
    });
  }

  /** Applies a move to the pointer and records it in the history. Throws when KV fails. */
  move(move: Move, intent: Intent): Promise<PublishResult> {
    return this.#enqueue(() => this.#move(move, intent));
  }

  publication(): Promise<Publication> {
    return this.#publication();
  }

  notices(): Notices | undefined {
    return this.ctx.storage.kv.get<Notices>("notices");
  }

  storeNotices(notices: Notices): void {
    this.ctx.storage.kv.put("notices", notices);
  }

  #enqueue<Result>(work: () => Promise<Result>): Promise<Result> {
    const queued = this.#last.then(work);
    this.#last = queued.catch(() => undefined);
    return queued;
  }

  async #move(requested: Move, intent: Intent): Promise<PublishResult> {
    const publication = await this.#publication();
    const move =
      "revision" in requested
        ? { ...requested, revision: revisionNamed(publication.pointer, requested.revision) }
        : requested;
    const refusal = publishRefusal(publication, move, intent);
    if (refusal) return { ok: false, ...refusal };
    const { next, entry } = applyMove(publication, move, intent, Date.now(), crypto.randomUUID());
    // The active revision is not checked again, so that a canary can be ended even when that revision has become
    // invalid.
    const isNew = move.kind === "store" || entry.revision !== activeOf(publication.pointer);
    const invalid = isNew && entry.percent !== 0 ? await this.#readBackRefusal(entry.revision) : undefined;
    if (invalid) return { ok: false, ...invalid };
    // KV is written first. If this object stops between the two writes, a repeated call repairs the state.
    if (move.kind !== "store") await this.env.CATALOG.put(POINTER_KEY, JSON.stringify(next.pointer));
    this.ctx.storage.kv.put("publication", next);
    return { ok: true, revision: entry.revision, publication: next };
  }

  /** Reads a revision back from KV, as the Worker will, and returns the reason why it cannot be served. */
  async #readBackRefusal(revision: string): Promise<PublishRefusal | undefined> {
    if (revision === BUNDLED) return undefined;
    const document: unknown = await this.env.CATALOG.get(revisionKey(revision), "json");
    if (document === null) return { reason: "missing", revision };
    const faults = this.#allFaults(readCatalog(document));
    return faults.length > 0 ? { reason: "faults", faults } : undefined;
  }

  #allFaults(result: CatalogResult): string[] {
    return result.ok ? deploymentFaults(this.env, result.catalog, Date.now()) : result.faults;
  }

  /** The stored publication. The first call adopts the pointer in KV, which an operator may have set by hand. */
  async #publication(): Promise<Publication> {
    const stored = this.ctx.storage.kv.get<Publication>("publication");
    if (stored) return stored;
    const pointer = v.safeParse(Pointer, await this.env.CATALOG.get(POINTER_KEY, "json"));
    return { pointer: pointer.success ? pointer.output : v.parse(Pointer, { active: null }), history: [] };
  }
}
