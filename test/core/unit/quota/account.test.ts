// Operator decisions about a user: plans, blocks, revocations, grants and resets.

import { describe, expect, it } from "vitest";
import type { Account, Change, Claim } from "../../../../src/core/quota/account.ts";
import { applyChange, refusalOf } from "../../../../src/core/quota/account.ts";
import { emptyLedger } from "../../../../src/core/quota/state.ts";
import { openBook } from "../../support/quota-book.ts";

const NOON = Date.UTC(2026, 10, 23, 12);
const MIDNIGHT = Date.UTC(2026, 10, 24);
const claim = (changes: Partial<Claim> = {}): Claim => ({ plan: "free", claimed: "free", issuedAt: NOON, ...changes });
const account = (changes: Partial<Account> = {}): Account => ({ changes: [], ...changes });

describe("a claim", () => {
  it("of a user without operator decisions is served", () => {
    expect(refusalOf(undefined, claim())).toBeUndefined();
    expect(refusalOf(account(), claim())).toBeUndefined();
  });

  it("for the stored plan is served, whatever the token claims", () => {
    expect(refusalOf(account({ plan: "pro" }), claim({ plan: "pro" }))).toBeUndefined();
  });

  it("for another plan than the stored one is refused with the stored one", () => {
    expect(refusalOf(account({ plan: "pro" }), claim())).toEqual({ reason: "plan", plan: "pro" });
  });

  it("for a plan that is no longer stored is refused with the token's plan", () => {
    expect(refusalOf(undefined, claim({ plan: "pro" }))).toEqual({ reason: "plan", plan: "free" });
    expect(refusalOf(account(), claim({ plan: "pro", claimed: "" }))).toEqual({ reason: "plan", plan: "" });
  });

  it("of a blocked user is refused, whatever else holds", () => {
    const blocked = account({ blocked: true, plan: "pro", revokedBefore: NOON + 1 });
    expect(refusalOf(blocked, claim())).toEqual({ reason: "blocked" });
  });

  it("of a token issued before the moment of a revocation is refused, and not of one issued at it", () => {
    const revoked = account({ revokedBefore: NOON });
    expect(refusalOf(revoked, claim({ issuedAt: NOON - 1 }))).toEqual({ reason: "revoked" });
    expect(refusalOf(revoked, claim({ issuedAt: NOON }))).toBeUndefined();
    // Tokens tell no more than the second.
    expect(refusalOf(account({ revokedBefore: NOON + 800 }), claim({ issuedAt: NOON }))).toBeUndefined();
  });

  it("of a token that does not say when it was issued is refused after any revocation", () => {
    expect(refusalOf(account({ revokedBefore: NOON }), claim({ issuedAt: 0 }))).toEqual({ reason: "revoked" });
  });
});

const tokens = { unit: "tokens", per: "day", limit: 1000 } as const;
/** A book with 600 tokens used up and 100 running. */
function usedBook() {
  const book = openBook({ windows: [tokens], concurrent: 3 }, NOON);
  book.reserve("earlier", { input: 600, output: 0, minOutput: 0 });
  book.settle("earlier", 600);
  book.reserve("running", { input: 50, output: 50 });
  return book;
}

describe("a change", () => {
  it("of the plan is stored, and taken back by null", () => {
    const book = usedBook();
    const before = book.ledger;
    book.change({ kind: "plan", plan: "pro" });
    expect(book.account?.plan).toBe("pro");
    book.change({ kind: "plan", plan: null });
    expect(book.account).not.toHaveProperty("plan");
    expect(book.ledger).toEqual(before);
  });

  it("blocks and unblocks", () => {
    const book = usedBook();
    book.change({ kind: "block" });
    expect(refusalOf(book.account, claim())).toEqual({ reason: "blocked" });
    book.change({ kind: "unblock" });
    expect(refusalOf(book.account, claim())).toBeUndefined();
  });

  it("is recorded with its time and reason, the latest fifty of them", () => {
    const book = usedBook();
    for (let count = 0; count < 60; count++) {
      book.now += 1000;
      book.change({ kind: count % 2 === 0 ? "block" : "unblock" });
    }
    const changes = book.account?.changes ?? [];
    expect(changes).toHaveLength(50);
    expect(changes[0]).toMatchObject({ kind: "block", at: NOON + 11_000 });
    expect(changes.at(-1)).toMatchObject({ kind: "unblock", at: NOON + 60_000, reason: "a test" });
  });

  it("does not mutate the account", () => {
    const [before, ledger] = [account({ plan: "pro" }), emptyLedger()];
    const change: Change = { kind: "plan", plan: null, id: "first", at: NOON, reason: "a test" };
    const next = applyChange(before, ledger, change);
    expect(before).toEqual(account({ plan: "pro" }));
    expect(next.account.changes).toEqual([change]);
  });

  it("is applied once, however often its call is repeated", () => {
    const grant: Change = { kind: "grant", window: "tokens/day", amount: 500, id: "gift", at: NOON, reason: "a test" };
    const once = applyChange(undefined, { ...emptyLedger(), at: NOON }, grant);
    expect(applyChange(once.account, once.ledger, grant)).toEqual(once);
  });

  it("never accepts a revoked token again", () => {
    const revoke = (before: number, id: string): Change => ({ kind: "revoke", before, id, at: NOON, reason: "a test" });
    const first = applyChange(undefined, emptyLedger(), revoke(NOON, "first"));
    expect(applyChange(first.account, first.ledger, revoke(0, "second")).account.revokedBefore).toBe(NOON);
  });
});

describe("a grant", () => {
  it("is more of its window until the period ends, and shows as its limit", () => {
    const book = usedBook();
    book.change({ kind: "grant", window: "tokens/day", amount: 500 });
    expect(book.view().windows[0]).toMatchObject({ limit: 1500, used: 600, reserved: 100, left: 800 });
    expect(book.reserve("more", { input: 300, output: 500, minOutput: 500 })).toMatchObject({ ok: true });
    book.now = MIDNIGHT;
    expect(book.view().windows[0]).toMatchObject({ limit: 1000 });
  });

  it("adds to a grant of the same period", () => {
    const book = usedBook();
    for (const amount of [500, 70]) book.change({ kind: "grant", window: "tokens/day", amount });
    expect(book.view().windows[0]?.limit).toBe(1570);
    book.now = MIDNIGHT;
    book.change({ kind: "grant", window: "tokens/day", amount: 3 });
    expect(book.view().windows[0]?.limit).toBe(1003);
  });

  it("is of its own window only", () => {
    const windows = [tokens, { ...tokens, models: ["swift"] }, { ...tokens, per: "month" } as const];
    const book = openBook({ windows, concurrent: 1 }, NOON);
    book.change({ kind: "grant", window: "tokens/day/swift", amount: 500 });
    expect(book.view().windows.map(({ limit }) => limit)).toEqual([1000, 1500, 1000]);
  });
});

describe("a reset", () => {
  it("clears the use of its window, and of no other", () => {
    const book = usedBook();
    book.limits = { windows: [tokens, { unit: "requests", per: "day", limit: 9 }], concurrent: 3 };
    book.reserve("next", { input: 1, output: 0, minOutput: 0 });
    book.settle("next", 1);
    book.change({ kind: "reset", window: "tokens/day" });
    expect(book.tokens()).toEqual({ used: 0, reserved: 100, left: 900 });
    expect(book.requests().used).toBe(1);
  });

  it("keeps running requests: they count when they are settled", () => {
    const book = usedBook();
    book.change({ kind: "reset", window: "tokens/day" });
    book.settle("running", 80);
    expect(book.tokens()).toEqual({ used: 80, reserved: 0, left: 920 });
  });

  it("clears an expired lease for good, even after a late settlement", () => {
    const book = usedBook();
    book.now += 600_000;
    book.change({ kind: "reset", window: "tokens/day" });
    book.reserve("next", { input: 300, output: 0, minOutput: 0 });
    expect(book.tokens()).toEqual({ used: 0, reserved: 300, left: 700 });
    book.settle("next", 300);
    // This one takes back what the reset has already forgiven, not what was used since.
    book.settle("running", 20);
    expect(book.tokens()).toEqual({ used: 300, reserved: 0, left: 700 });
  });
});
