// How the pointer moves when an operator publishes, and what is remembered of it. Pure: time and salt come in.

import type { Pointer } from "../../core/catalog/pointer.ts";
import { activeOf, BUNDLED } from "../../core/catalog/pointer.ts";

export type Move =
  /** Keeps a revision without giving it to anybody. */
  | { kind: "store"; revision: string }
  /** Gives a revision to everybody, and ends a canary. */
  | { kind: "activate"; revision: string }
  /** Gives a revision to a share of the users; 0 percent ends the trial. */
  | { kind: "canary"; revision: string; percent: number }
  /** Ends a canary; where none runs, gives everybody what was active before. */
  | { kind: "rollback" };

/** Who published, why, and what is believed to be active. */
export interface Intent {
  author: string | null;
  note: string | null;
  /** The revision that must be active, or nothing moves. */
  expected?: string | undefined;
}

export interface HistoryEntry {
  /** Epoch ms. */
  at: number;
  kind: Move["kind"];
  revision: string;
  percent?: number;
  author: string | null;
  note: string | null;
}

export interface Publication {
  pointer: Pointer;
  /** Newest first. */
  history: HistoryEntry[];
}

export type PublishRefusal =
  | { reason: "conflict"; active: string }
  | { reason: "faults"; faults: string[] }
  | { reason: "missing"; revision: string }
  | { reason: "senseless"; why: string };

const REMEMBERED_ENTRIES = 200;

/** Why a move cannot be made, or undefined when it can. */
export function publishRefusal({ pointer }: Publication, move: Move, { expected }: Intent): PublishRefusal | undefined {
  const active = activeOf(pointer);
  if (expected !== undefined && expected !== active) return { reason: "conflict", active };
  if (move.kind === "rollback" && !pointer.canary && pointer.active === pointer.previous) {
    return { reason: "senseless", why: `'${active}' was active before, too: there is nothing to return to.` };
  }
  const tried = pointer.canary?.revision;
  if (move.kind === "canary" && move.percent === 0 && move.revision !== tried) {
    return {
      reason: "senseless",
      why: tried ? `The canary is '${tried}', not '${move.revision}'.` : "No canary runs.",
    };
  }
  if (move.kind === "canary" && move.percent > 0 && move.revision === active) {
    return { reason: "senseless", why: `'${active}' is what everybody gets already.` };
  }
  return undefined;
}

/** The publication after a move at `at` (epoch ms). The users of a canary stay the same while its revision does. */
export function afterMove(
  { pointer, history }: Publication,
  move: Move,
  { author, note }: Intent,
  at: number,
  salt: string,
): { next: Publication; entry: HistoryEntry } {
  const to = moved(pointer, move, at, salt);
  const revision = move.kind === "rollback" ? activeOf(to) : move.revision;
  const percent = move.kind === "canary" ? { percent: move.percent } : {};
  const entry: HistoryEntry = { at, kind: move.kind, revision, ...percent, author, note };
  return { next: { pointer: to, history: [entry, ...history].slice(0, REMEMBERED_ENTRIES) }, entry };
}

function moved(pointer: Pointer, move: Move, at: number, salt: string): Pointer {
  const { active, previous, canary } = pointer;
  switch (move.kind) {
    case "store":
      return pointer;
    case "activate": {
      const revision = move.revision === BUNDLED ? null : move.revision;
      return { active: revision, previous: revision === active ? previous : active, publishedAt: at };
    }
    case "canary": {
      const { revision, percent } = move;
      const kept = { active, previous, publishedAt: at };
      if (percent === 0) return kept;
      return { ...kept, canary: { revision, percent, salt: canary?.revision === revision ? canary.salt : salt } };
    }
    case "rollback":
      if (canary) return { active, previous, publishedAt: at };
      return { active: previous, previous: active, publishedAt: at };
  }
}
