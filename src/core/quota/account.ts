// What an operator has decided about one user, and what follows for a request. Pure, like the ledger.

import type { Ledger } from "./state.ts";
import { parseWindowKey, periodStart } from "../catalog/quota-window.ts";

export interface Account {
  /** Wins over the plan that a token claims. */
  plan?: string;
  blocked?: boolean;
  /** Tokens issued before this moment (epoch ms) are not believed any more. */
  revokedBefore?: number;
  /** The latest changes, oldest first. */
  changes: Change[];
}

export type Decision =
  | { kind: "plan"; plan: string | null }
  /** More of a window, until its current period ends; `amount` in the window's unit (nano-dollars for usd). */
  | { kind: "grant"; window: string; amount: number }
  | { kind: "reset"; window: string }
  | { kind: "block" }
  | { kind: "unblock" }
  | { kind: "revoke"; before: number };

/** A decision as it is kept: when it was made (epoch ms) and why. The id makes a repeat harmless. */
export type Change = Decision & { id: string; at: number; reason: string };

/** What a request says about itself: the plan that it was prepared for, and what its token says. */
export interface Claim {
  plan: string;
  claimed: string;
  /** When the token was issued (epoch ms); 0 when it does not say. */
  issuedAt: number;
}

export type ClaimRefusal = { reason: "plan"; plan: string } | { reason: "blocked" } | { reason: "revoked" };

/** What a user's object answers to a claim that it does not serve. */
export interface RefusedClaim {
  refusal: ClaimRefusal;
}

const REMEMBERED_CHANGES = 50;

/** Why a claim is not served, or undefined when it is. A request prepared for another plan is told the right one. */
export function claimRefusal(account: Account | undefined, claim: Claim): ClaimRefusal | undefined {
  const plan = account?.plan ?? claim.claimed;
  if (account?.blocked) return { reason: "blocked" };
  // Tokens tell when they were issued in whole seconds.
  const revokedBefore = Math.floor((account?.revokedBefore ?? 0) / 1000) * 1000;
  if (claim.issuedAt < revokedBefore) return { reason: "revoked" };
  return plan === claim.plan ? undefined : { reason: "plan", plan };
}

/** Applies a change to a user's account and ledger (which must stand at `change.at`), and keeps it. */
export function applyChange(
  account: Account | undefined,
  ledger: Ledger,
  change: Change,
): { account: Account; ledger: Ledger } {
  if (account?.changes.some(({ id }) => id === change.id)) return { account, ledger };
  const changes = [...(account?.changes ?? []), change].slice(-REMEMBERED_CHANGES);
  const next: Account = { ...account, changes };
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
      // Kept as a window with nothing in it: what runs is still counted there when it is settled.
      const used = {
        ...ledger.used,
        [change.window]: { start: startOf(change.window), amount: 0, resetAt: ledger.at },
      };
      return { account: next, ledger: { ...ledger, used } };
    }
  }
}
