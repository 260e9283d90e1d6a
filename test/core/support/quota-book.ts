// A ledger as the user's object keeps it: in memory, and from its JSON after an eviction.

import type { Account, Decision } from "../../../src/core/quota/account.ts";
import { applyChange } from "../../../src/core/quota/account.ts";
import type { Bound } from "../../../src/core/quota/bound.ts";
import type { Reservation, ReserveResult, SpendResult } from "../../../src/core/quota/ledger.ts";
import { sweep } from "../../../src/core/quota/expiry.ts";
import type { HistoryDay } from "../../../src/core/quota/history.ts";
import { giveBack, history, nameJob, reserve, settle, spend, view } from "../../../src/core/quota/ledger.ts";
import type { Ledger } from "../../../src/core/quota/state.ts";
import { emptyLedger } from "../../../src/core/quota/state.ts";
import type { Limits, QuotaView } from "../../../src/core/quota/view.ts";
import type { Amounts, Period, QuotaUnit, QuotaWindow } from "../../../src/core/catalog/quota-window.ts";

/** A bound as a test writes it; without prices it costs nothing. */
export type BoundSketch = Pick<Bound, "input" | "output"> & Partial<Bound>;

export const boundOf = (sketch: BoundSketch): Bound => ({
  minOutput: 1,
  choices: 1,
  requests: 1,
  inputNanoUsd: 0,
  outputNanoUsd: 0,
  ...sketch,
});

export const tokensADay = (limit: number): QuotaWindow => ({ unit: "tokens", per: "day", limit });

export interface Use {
  used: number;
  reserved: number;
  left: number;
}

/** One user's ledger, with the plan and the time that the next call brings. */
export interface Book {
  now: number;
  limits: Limits;
  readonly ledger: Ledger;
  readonly account: Account | undefined;
  reserve(
    key: string,
    bound: BoundSketch,
    leaseMs?: number,
    model?: string,
    exclusive?: string,
    job?: string,
  ): ReserveResult;
  /** Names the provider's object of a job. */
  nameJob(key: string, id: string): void;
  /** Reserves for a request that is part of another one. */
  reservePart(key: string, partOf: string): ReserveResult;
  spend(spending: { requests: number; model?: string }): SpendResult;
  /** Returns true if the ledger changed. */
  settle(key: string, tokens: number, requests?: number, nanoUsd?: number): boolean;
  charge(key: string, charge: Amounts): boolean;
  giveBack(key: string): void;
  /** An operator's change. */
  change(decision: Decision): void;
  /** Reads the ledger again from its JSON. */
  evict(): void;
  /** The windows under the plan, or under other limits. */
  view(limits?: Limits): QuotaView;
  /** The charges of the last days. */
  history(days: number): HistoryDay[];
  /** The use of the plan's window of a unit, and of a period if the plan has several. */
  use(unit: QuotaUnit, per?: Period): Use;
  tokens(per?: Period): Use;
  requests(per?: Period): Use;
}

export function openBook(limits: Limits, now: number, stored: Ledger = emptyLedger()): Book {
  let ledger = stored;
  let account: Account | undefined;
  const store = (next: { ledger: Ledger; changed: boolean }) => {
    if (next.changed) ledger = next.ledger;
    return next.changed;
  };
  const useOf = (unit: QuotaUnit, per: Period | undefined) => {
    const found = book.view().windows.find((window) => window.unit === unit && (per ?? window.per) === window.per);
    if (!found) throw new Error(`the plan has no window of ${unit}`);
    return { used: found.used, reserved: found.reserved, left: found.left };
  };
  const reserveNext = (reservation: Reservation) => {
    const next = reserve(ledger, book.limits, reservation, book.now);
    store(next);
    return next.result;
  };
  const book: Book = {
    now,
    limits,
    get ledger() {
      return ledger;
    },
    get account() {
      return account;
    },
    reserve: (key, bound, leaseMs = 600_000, model = "swift", exclusive, job) =>
      reserveNext({ key, model, bound: boundOf(bound), leaseMs, exclusive, job }),
    nameJob: (key, id) => void store(nameJob(ledger, { key, id }, book.now)),
    reservePart: (key, partOf) =>
      reserveNext({ key, model: "swift", bound: boundOf({ input: 1, output: 1 }), leaseMs: 600_000, partOf }),
    spend(spending) {
      const next = spend(ledger, book.limits, spending, book.now);
      store(next);
      return next.result;
    },
    settle: (key, tokens, requests = 1, nanoUsd = 0) => book.charge(key, { tokens, requests, nanoUsd }),
    charge: (key, charge) => store(settle(ledger, { key, charge }, book.now)),
    giveBack: (key) => void store(giveBack(ledger, key, book.now)),
    change(decision) {
      const change = { ...decision, id: crypto.randomUUID(), at: book.now, reason: "a test" };
      ({ account, ledger } = applyChange(account, sweep(ledger, book.now), change));
    },
    evict: () => void (ledger = JSON.parse(JSON.stringify(ledger)) as Ledger),
    view: (limits = book.limits) => view(ledger, limits, book.now),
    history: (days) => history(ledger, days, book.now),
    use: useOf,
    tokens: (per) => useOf("tokens", per),
    requests: (per) => useOf("requests", per),
  };
  return book;
}
