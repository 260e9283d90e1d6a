// Operator decisions about a user: plans, blocks, revocations, grants and resets.

import { describe, expect, it } from "vitest";
import type { Account, Change, Claim } from "../../../../src/core/quota/account.ts";
import { applyChange, claimRefusal, deletedAccount } from "../../../../src/core/quota/account.ts";
import { emptyLedger } from "../../../../src/core/quota/state.ts";
import { openBook, tokensADay } from "../../support/quota-book.ts";

const NOON = Date.UTC(2026, 10, 23, 12);
const MIDNIGHT = Date.UTC(2026, 10, 24);

describe("a claim", () => {
  it.each<[string, Partial<Account> | undefined, Partial<Claim>, object | undefined]>([
    ["without decisions is accepted", undefined, {}, undefined],
    ["for the stored plan is accepted", { plan: "pro" }, { plan: "pro" }, undefined],
    ["for another plan gets the stored one", { plan: "pro" }, {}, { reason: "plan", plan: "pro" }],
    ["for a plan that is no longer stored gets the token's", {}, { plan: "pro" }, { reason: "plan", plan: "free" }],
    ["gets no plan when the token claims none", {}, { plan: "pro", claimed: "" }, { reason: "plan", plan: "" }],
    [
      "of a blocked user is refused first",
      { blocked: true, plan: "pro", revokedBefore: NOON + 1 },
      {},
      { reason: "blocked" },
    ],
    ["of an unblocked user is accepted", { blocked: false }, {}, undefined],
    ["from before a revocation is refused", { revokedBefore: NOON }, { issuedAt: NOON - 1 }, { reason: "revoked" }],
    ["from the time of a revocation is accepted", { revokedBefore: NOON }, {}, undefined],
    ["from the second of a revocation is accepted", { revokedBefore: NOON + 800 }, {}, undefined],
    [
      "without a time of issue is refused after a revocation",
      { revokedBefore: NOON },
      { issuedAt: 0 },
      { reason: "revoked" },
    ],
  ])("%s", (_what, account, claim, refusal) => {
    const stored = account && { changes: [], ...account };
    expect(claimRefusal(stored, { plan: "free", claimed: "free", issuedAt: NOON, ...claim })).toEqual(refusal);
  });
});

it("a deleted user's tokens are refused up to the second of the deletion, and newer ones are accepted", () => {
  const account = deletedAccount({ plan: "pro", changes: [] }, NOON + 300);
  const refusalOf = (issuedAt: number) => claimRefusal(account, { plan: "free", claimed: "free", issuedAt });
  expect([refusalOf(0), refusalOf(NOON)]).toEqual([{ reason: "revoked" }, { reason: "revoked" }]);
  expect(refusalOf(NOON + 1000)).toBeUndefined();
});

/** A book with 600 tokens used up and 100 running. */
function usedBook() {
  const book = openBook({ windows: [tokensADay(1000)], concurrent: 3 }, NOON);
  book.reserve("earlier", { input: 600, output: 0, minOutput: 0 });
  book.settle("earlier", 600);
  book.reserve("running", { input: 50, output: 50 });
  return book;
}

describe("a change", () => {
  it("of the plan is stored, taken back by null, and leaves the ledger", () => {
    const book = usedBook();
    const before = book.ledger;
    book.change({ kind: "plan", plan: "pro" });
    expect(book.account?.plan).toBe("pro");
    book.change({ kind: "plan", plan: null });
    expect(book.account).not.toHaveProperty("plan");
    expect(book.ledger).toEqual(before);
  });

  it("is stored with its time and reason, the latest fifty of them", () => {
    const book = usedBook();
    for (let count = 0; count < 60; count++) {
      book.now += 1000;
      book.change({ kind: count % 2 === 0 ? "block" : "unblock" });
    }
    expect(book.account?.blocked).toBe(false);
    const changes = book.account?.changes ?? [];
    expect(changes).toHaveLength(50);
    expect(changes[0]).toMatchObject({ kind: "block", at: NOON + 11_000 });
    expect(changes.at(-1)).toMatchObject({ kind: "unblock", at: NOON + 60_000, reason: "a test" });
  });

  it("is applied once, however often its call is repeated, and mutates nothing", () => {
    const grant: Change = { kind: "grant", window: "tokens/day", amount: 500, id: "gift", at: NOON, reason: "a test" };
    const [account, ledger] = [
      { plan: "pro", changes: [] },
      { ...emptyLedger(), at: NOON },
    ];
    const once = applyChange(account, ledger, grant);
    expect(once.account).toEqual({ plan: "pro", changes: [grant] });
    expect(applyChange(once.account, once.ledger, grant)).toEqual(once);
    expect([account, ledger]).toEqual([
      { plan: "pro", changes: [] },
      { ...emptyLedger(), at: NOON },
    ]);
  });

  it("never makes a revoked token valid again", () => {
    const revoke = (before: number, id: string): Change => ({ kind: "revoke", before, id, at: NOON, reason: "a test" });
    const first = applyChange(undefined, emptyLedger(), revoke(NOON, "first"));
    expect(applyChange(first.account, first.ledger, revoke(0, "second")).account.revokedBefore).toBe(NOON);
  });
});

describe("a grant", () => {
  it("raises the limit of its window until the period ends, and adds to an earlier grant", () => {
    const book = usedBook();
    for (const amount of [500, 70]) book.change({ kind: "grant", window: "tokens/day", amount });
    expect(book.view().windows[0]).toMatchObject({ limit: 1570, used: 600, reserved: 100, left: 870 });
    expect(book.reserve("more", { input: 300, output: 570, minOutput: 570 })).toMatchObject({ ok: true });
    book.now = MIDNIGHT;
    expect(book.view().windows[0]?.limit).toBe(1000);
    book.change({ kind: "grant", window: "tokens/day", amount: 3 });
    expect(book.view().windows[0]?.limit).toBe(1003);
  });

  it("is for its own window only", () => {
    const tokens = tokensADay(1000);
    const windows = [tokens, { ...tokens, models: ["swift"] }, { ...tokens, per: "month" } as const];
    const book = openBook({ windows, concurrent: 1 }, NOON);
    book.change({ kind: "grant", window: "tokens/day/swift", amount: 500 });
    expect(book.view().windows.map(({ limit }) => limit)).toEqual([1000, 1500, 1000]);
  });
});

describe("a reset", () => {
  it("clears the use of its window only, and running requests count when they settle", () => {
    const book = usedBook();
    book.limits = { windows: [tokensADay(1000), { unit: "requests", per: "day", limit: 9 }], concurrent: 3 };
    book.reserve("next", { input: 1, output: 0, minOutput: 0 });
    book.settle("next", 1);
    book.change({ kind: "reset", window: "tokens/day" });
    expect(book.tokens()).toEqual({ used: 0, reserved: 100, left: 900 });
    expect(book.requests().used).toBe(1);
    book.settle("running", 80);
    expect(book.tokens()).toEqual({ used: 80, reserved: 0, left: 920 });
  });

  it("clears an expired lease for good, even when it settles late", () => {
    const book = usedBook();
    book.now += 600_000;
    book.change({ kind: "reset", window: "tokens/day" });
    book.reserve("next", { input: 300, output: 0, minOutput: 0 });
    book.settle("next", 300);
    // The late settlement must not lower what was used after the reset.
    book.settle("running", 20);
    expect(book.tokens()).toEqual({ used: 300, reserved: 0, left: 700 });
  });
});
