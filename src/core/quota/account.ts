// The account: an operator's decisions about one user. Pure, like the ledger.

import type { Ledger } from "./state.ts";
import { parseWindowKey, periodStart } from "../catalog/quota-window.ts";

export interface Account {
  /** Replaces the plan that a token claims. */
  plan?: string;
  blocked?: boolean;
  /** Tokens issued before this time (epoch ms) are refused. */
  revokedBefore?: number;
  /** The latest changes, oldest first. */
  changes: Change[];
  /** The account of a deleted user ends then (epoch ms), unless an operator decides something new. */
  endsAt?: number;
}

export type Decision =
  | { kind: "plan"; plan: string | null }
  /** Raises a window's limit until its current period ends; `amount` in the window's unit (nano-dollars for usd). */
  | { kind: "grant"; window: string; amount: number }
  | { kind: "reset"; window: string }
  | { kind: "block" }
  | { kind: "unblock" }
  | { kind: "revoke"; before: number };

/** A stored decision with its time (epoch ms) and reason. The `id` makes a repeated call idempotent. */
export type Change = Decision & { id: string; at: number; reason: string };

/** The plan that a request was prepared for, and the claims of its token. */
export interface Claim {
  plan: string;
  /** The plan that the token claims. */
  claimed: string;
  /** Time of issue (epoch ms); 0 for a token without `iat`. */
  issuedAt: number;
}

export type ClaimRefusal = { reason: "plan"; plan: string } | { reason: "blocked" } | { reason: "revoked" };

/** The result of the user's object for a claim that it refuses. */
export interface RefusedClaim {
  refusal: ClaimRefusal;
}

const MAX_CHANGES = 50;

/** Tokens from before a deletion stay refused for this time. */
const DELETED_MS = 365 * 86_400_000;

/** Returns why a claim is refused, or undefined when it is accepted. A claim for the wrong plan gets the right one. */
export function claimRefusal(account: Account | undefined, claim: Claim): ClaimRefusal | undefined {
  const plan = account?.plan ?? claim.claimed;
  if (account?.blocked) return { reason: "blocked" };
  // `iat` has whole seconds.
  const revokedBefore = Math.floor((account?.revokedBefore ?? 0) / 1000) * 1000;
  if (claim.issuedAt < revokedBefore) return { reason: "revoked" };
  return plan === claim.plan ? undefined : { reason: "plan", plan };
}

/**
 * Returns the account of a user who is deleted at `now`: it refuses the tokens issued until then, because one of them
 * would make a new account unnoticed. A block stays, because a deletion would be a way around it.
 */
export function deletedAccount(account: Account | undefined, now: number): Account {
  // `iat` has whole seconds: a token of this second is refused too.
  const revokedBefore = Math.ceil((now + 1) / 1000) * 1000;
  return account?.blocked
    ? { blocked: true, revokedBefore, changes: [] }
    : { revokedBefore, changes: [], endsAt: now + DELETED_MS };
}

/** Applies a change to account and ledger, and adds it to the account. `ledger` must be swept to `change.at`. */
export function applyChange(
  account: Account | undefined,
  ledger: Ledger,
  change: Change,
): { account: Account; ledger: Ledger } {
  if (account?.changes.some(({ id }) => id === change.id)) return { account, ledger };
  const changes = [...(account?.changes ?? []), change].slice(-MAX_CHANGES);
  const { endsAt: _, ...kept } = account ?? {};
  const next: Account = { ...kept, changes };
  const startOf = (window: string) => periodStart(parseWindowKey(window).per, ledger.at);
  switch (change.kind) {
    case "plan":
      if (change.plan === null) delete next.plan;
      else next.plan = change.plan;
      return { account: next, ledger };
    case "block":
      return { account: { ...next, blocked: true }, ledger };
    case "unblock":
      return { account: { ...next, blocked: false }, ledger };
    case "revoke":
      return { account: { ...next, revokedBefore: Math.max(change.before, account?.revokedBefore ?? 0) }, ledger };
    case "grant": {
      const start = startOf(change.window);
      const before = ledger.extra[change.window];
      const amount = (before?.start === start ? before.amount : 0) + change.amount;
      return { account: next, ledger: { ...ledger, extra: { ...ledger.extra, [change.window]: { start, amount } } } };
    }
    case "reset": {
      // The window is emptied, not deleted, so that running requests are still counted when they settle.
      const used = {
        ...ledger.used,
        [change.window]: { start: startOf(change.window), amount: 0, resetAt: ledger.at },
      };
      return { account: next, ledger: { ...ledger, used } };
    }
  }
}
