// A ledger that is held the way the user's object holds it: stored as JSON, and only when there is something to store.

import type { Bound, Ledger, ReserveResult } from "../../src/quota/ledger.ts";
import { emptyLedger, reserve, settle, view } from "../../src/quota/ledger.ts";
import type { Limits, View } from "../../src/quota/view.ts";
import type { Period, Unit, Window } from "../../src/quota/window.ts";

/** A bound as a test writes it. */
export type BoundSketch = Pick<Bound, "input" | "output"> & Partial<Bound>;

export const boundOf = (sketch: BoundSketch): Bound => ({ minOutput: 1, choices: 1, ...sketch });

export const tokensADay = (limit: number): Window => ({ unit: "tokens", per: "day", limit });

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
  reserve(key: string, bound: BoundSketch, leaseMs?: number): ReserveResult;
  /** Whether there was something to store. */
  settle(key: string, tokens: number, requests?: number): boolean;
  view(): View;
  /** The use of the plan's token or request window; of several, of the one for that period. */
  tokens(per?: Period): Use;
  requests(per?: Period): Use;
}

export function openBook(limits: Limits, now: number): Book {
  let stored = JSON.stringify(emptyLedger());
  const load = () => JSON.parse(stored) as Ledger;
  const store = ({ ledger, changed }: { ledger: Ledger; changed: boolean }) => {
    if (changed) stored = JSON.stringify(ledger);
  };
  const useOf = (unit: Unit, per: Period | undefined) => {
    const found = book.view().windows.find((window) => window.unit === unit && (per ?? window.per) === window.per);
    if (!found) throw new Error(`the plan has no window of ${unit}`);
    return { used: found.used, reserved: found.reserved, left: found.left };
  };
  const book: Book = {
    now,
    limits,
    get ledger() {
      return load();
    },
    reserve(key, bound, leaseMs = 600_000) {
      const next = reserve(load(), book.limits, { key, bound: boundOf(bound), leaseMs }, book.now);
      store(next);
      return next.result;
    },
    settle(key, tokens, requests = 1) {
      const next = settle(load(), { key, charge: { tokens, requests } }, book.now);
      store(next);
      return next.changed;
    },
    view: () => view(load(), book.limits, book.now),
    tokens: (per) => useOf("tokens", per),
    requests: (per) => useOf("requests", per),
  };
  return book;
}
