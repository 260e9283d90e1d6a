// The binding of the users' objects for tests in Node: one book, and calls that can fail like those of the runtime.

import type { Account, Claim, Decision } from "../../../src/core/quota/account.ts";
import { claimRefusal } from "../../../src/core/quota/account.ts";
import type { Reservation, ReserveResult } from "../../../src/core/quota/ledger.ts";
import type { Bindings } from "../../../src/core/env.ts";
import type { Limits } from "../../../src/core/quota/view.ts";
import { packView } from "../../../src/core/quota/view.ts";
import type { Amounts } from "../../../src/core/catalog/quota-window.ts";
import { openBook } from "./quota-book.ts";

/** A failed call, with the runtime's marks. `late`: the object did its work, and the result was lost. */
export type Failure = Error & { retryable?: boolean; overloaded?: boolean; late?: boolean };

/** An error as a call to an object throws it. */
export const runtimeError = (kind: Partial<Omit<Failure, keyof Error>> = {}): Failure =>
  Object.assign(new Error("the object was reset"), kind);

/**
 * One user's object behind a binding. `failures` are thrown first, one for each call; `calls` tells which method was
 * called on which stub, counted from one.
 */
export function createNamespace(now: number, failures: Failure[] = []) {
  const book = openBook({ windows: [], concurrent: 1 }, now);
  const calls: { method: string; stub: number }[] = [];
  const claims: Claim[] = [];
  let stubs = 0;
  const under = (claim: Claim, limits: Limits) => {
    book.limits = limits;
    claims.push(claim);
    const refusal = claimRefusal(book.account, claim);
    return refusal && { refusal };
  };
  const packed = (result: ReserveResult) => ({ ...result, view: packView(result.view, book.now) });
  const methods = {
    reserve: (claim: Claim, limits: Limits, { key, bound, leaseMs, model, exclusive }: Reservation) =>
      under(claim, limits) ?? packed(book.reserve(key, bound, leaseMs, model, exclusive)),
    settle: (limits: Limits, { key, charge }: { key: string; charge: Amounts }) => {
      book.charge(key, charge);
      return packView(book.view(limits), book.now);
    },
    giveBack: (key: string) => book.giveBack(key),
    spend: (claim: Claim, limits: Limits, spending: { requests: number; model?: string }) =>
      under(claim, limits) ?? book.spend(spending),
    view: (claim: Claim, limits: Limits) => under(claim, limits) ?? { view: book.view(limits) },
  };
  const getByName = () => {
    stubs += 1;
    const stub = stubs;
    const call =
      <Args extends unknown[], Result>(method: string, work: (...args: Args) => Result) =>
      async (...args: Args): Promise<Result> => {
        calls.push({ method, stub });
        const failure = failures.shift();
        if (failure && !failure.late) throw failure;
        const result = work(...args);
        if (failure) throw failure;
        return result;
      };
    return {
      reserve: call("reserve", methods.reserve),
      settle: call("settle", methods.settle),
      giveBack: call("giveBack", methods.giveBack),
      spend: call("spend", methods.spend),
      view: call("view", methods.view),
    };
  };
  const env = { USER_QUOTA: { getByName }, QUOTA_PEPPER: "test-pepper" } as unknown as Bindings;
  return {
    env,
    book,
    calls,
    /** The claims that came with each call. */
    claims,
    failures,
    change: (decision: Decision) => book.change(decision),
    account: (): Account | undefined => book.account,
  };
}

/** Replaces the runtime's pauses, which then take no time. Returns the requested pauses. */
export function skipPauses() {
  const pauses: number[] = [];
  const wait = async (ms: number) => void pauses.push(ms);
  Object.assign(globalThis, { scheduler: { wait } });
  return { pauses };
}
