// Pointer moves and their history when an operator publishes. Pure: time and salt are arguments.

import type { Pointer } from "../../core/catalog/pointer.ts";
import { activeOf, BUNDLED } from "../../core/catalog/pointer.ts";

export type Move =
  /** Stores a revision without serving it. */
  | { kind: "store"; revision: string }
  /** Serves a revision to all users, and ends a canary. */
  | { kind: "activate"; revision: string }
  /** Serves a revision to a share of the users. 0 percent ends the canary. */
  | { kind: "canary"; revision: string; percent: number }
  /** Ends the running canary, or else activates the previous revision. */
  | { kind: "rollback" };

/** The operator's statement about a move: author, note and the revision expected to be active. */
export interface Intent {
  author: string | null;
  note: string | null;
  /** The move is refused unless this revision is active. */
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
  | { reason: "not_applicable"; why: string };

const MAX_HISTORY_ENTRIES = 200;

/** Returns the reason why a move cannot be made, or undefined when it can. */
export function publishRefusal({ pointer }: Publication, move: Move, { expected }: Intent): PublishRefusal | undefined {
  const active = activeOf(pointer);
  if (expected !== undefined && expected !== active) return { reason: "conflict", active };
  if (move.kind === "rollback" && !pointer.canary && pointer.active === pointer.previous) {
    return {
      reason: "not_applicable",
      why: `There is no other revision to return to: '${active}' is also the previous one.`,
    };
  }
  const canary = pointer.canary?.revision;
  if (move.kind === "canary" && move.percent === 0 && move.revision !== canary) {
    return {
      reason: "not_applicable",
      why: canary ? `The canary is '${canary}', not '${move.revision}'.` : "No canary runs.",
    };
  }
  if (move.kind === "canary" && move.percent > 0 && move.revision === active) {
    return { reason: "not_applicable", why: `'${active}' is already active for all users.` };
  }
  return undefined;
}

/**
 * Returns the publication after a move at `at` (epoch ms), and the new history entry. `salt` selects the users of a new
 * canary. A canary that only changes its percentage keeps its salt, so that its users stay the same.
 */
export function applyMove(
  { pointer, history }: Publication,
  move: Move,
  { author, note }: Intent,
  at: number,
  salt: string,
): { next: Publication; entry: HistoryEntry } {
  const moved = movePointer(pointer, move, at, salt);
  const revision = move.kind === "rollback" ? activeOf(moved) : move.revision;
  const percent = move.kind === "canary" ? { percent: move.percent } : {};
  const entry: HistoryEntry = { at, kind: move.kind, revision, ...percent, author, note };
  return { next: { pointer: moved, history: [entry, ...history].slice(0, MAX_HISTORY_ENTRIES) }, entry };
}

function movePointer(pointer: Pointer, move: Move, at: number, salt: string): Pointer {
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
