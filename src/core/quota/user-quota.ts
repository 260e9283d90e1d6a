// The Durable Object of one user: stores ledger and account as one JSON row.
// All decisions are in ledger.ts and account.ts.

import { DurableObject } from "cloudflare:workers";
import type { Bindings } from "../env.ts";
import type { Account, Change, Claim, RefusedClaim } from "./account.ts";
import { applyChange, claimRefusal, deletedAccount } from "./account.ts";
import type { AllotmentRequest, BudgetReservation, BudgetResult } from "./budget-ledger.ts";
import { lowerReservation, reserveInBudget } from "./budget-ledger.ts";
import type { LedgerSettlement, Reservation, ReserveResult, SpendResult } from "./ledger.ts";
import { lastEnd, nextLeaseEnd, sweep } from "./expiry.ts";
import type { HistoryDay } from "./history.ts";
import { giveBack, history, nameJob, reserve, settle, spend, view } from "./ledger.ts";
import type { Ledger } from "./state.ts";
import { emptyLedger, readLedger } from "./state.ts";
import type { Limits, PackedView, QuotaView } from "./view.ts";
import { packView } from "./view.ts";
import type { Amounts } from "../catalog/quota-window.ts";

interface Stored {
  ledger: Ledger;
  account?: Account | undefined;
  /** Time of the alarm (epoch ms). Setting it costs a row, so it is kept while it is early enough. */
  alarmAt: number | null;
}

export class UserQuota extends DurableObject<Bindings> {
  #stored: Stored | undefined;
  #hasTable = false;

  /** Reserves a bound under the claim's plan. Writes one row when granted, none when refused. */
  reserve(claim: Claim, limits: Limits, reservation: Reservation): ReserveResult<PackedView> | RefusedClaim {
    const refusal = this.#refusal(claim);
    if (refusal) return refusal;
    const { ledger, result } = this.#update((before, now) => reserve(before, limits, reservation, now));
    return { ...result, view: packView(result.view, ledger.at) };
  }

  /** Reserves in the budget. Called only on the budget's object. Writes one row when granted. */
  reserveInBudget(limits: Limits, reservation: BudgetReservation, wanted?: AllotmentRequest): BudgetResult {
    return this.#update((ledger, now) => reserveInBudget(ledger, limits, reservation, wanted, now)).result;
  }

  /** Lowers the bound of a running reservation. Writes one row. */
  lower(lowered: { key: string; bound: Amounts }): void {
    this.#update((ledger, now) => lowerReservation(ledger, lowered, now));
  }

  /** Settles a reservation of the budget. Writes one row, and none when repeated. */
  settleInBudget(settlement: LedgerSettlement): void {
    this.#update((ledger, now) => settle(ledger, settlement, now));
  }

  /** Counts requests at once. Writes one row when granted, none when refused. */
  spend(claim: Claim, limits: Limits, spending: { requests: number; model?: string }): SpendResult | RefusedClaim {
    const update = () => this.#update((ledger, now) => spend(ledger, limits, spending, now)).result;
    return this.#refusal(claim) ?? update();
  }

  /** Settles a reservation and returns the windows. Idempotent: writes one row, and none when repeated. */
  settle(limits: Limits, settlement: LedgerSettlement): PackedView {
    const { ledger } = this.#update((before, now) => settle(before, settlement, now));
    return packView(view(ledger, limits, ledger.at), ledger.at);
  }

  /** Gives back a reservation whose result was lost. Writes one row. */
  giveBack(key: string): void {
    this.#update((ledger, now) => giveBack(ledger, key, now));
  }

  /** Names the provider's object of a job's reservation. Writes one row, and none when repeated. */
  nameJob(named: { key: string; id: string }): void {
    this.#update((ledger, now) => nameJob(ledger, named, now));
  }

  /** Returns the windows under the claim's plan, and the charges of the last `days` days. Writes nothing. */
  view(claim: Claim, limits: Limits, days = 0): { view: QuotaView; history: HistoryDay[] } | RefusedClaim {
    return this.#refusal(claim) ?? { view: this.inspect(limits), history: this.history(days) };
  }

  /** Returns the operator's decisions. Writes nothing. */
  account(): Account {
    return this.#load().account ?? { changes: [] };
  }

  /** Returns the windows under any limits, without a claim, for operators. Writes nothing. */
  inspect(limits: Limits): QuotaView {
    return view(this.#load().ledger, limits, Date.now());
  }

  /** Returns the charges of the last `days` days, oldest first, without a claim. Writes nothing. */
  history(days: number): HistoryDay[] {
    return days === 0 ? [] : history(this.#load().ledger, days, Date.now());
  }

  /** Applies and stores an operator's change. Writes one row. */
  change(change: Change): Account {
    const { ledger, account } = this.#load();
    const next = applyChange(account, sweep(ledger, change.at), change);
    this.#save(next.ledger, next.account);
    return next.account;
  }

  /** Returns everything that is stored about the user. Writes nothing. */
  export(): { ledger: Ledger; account: Account } {
    const { ledger, account = { changes: [] } } = this.#load();
    return { ledger, account };
  }

  /**
   * Deletes ledger and decisions; tokens issued until now stay refused. A request that still runs settles nothing
   * later, because its lease is gone. Writes one row.
   */
  delete(): Account {
    const now = Date.now();
    const account = deletedAccount(this.#load().account, now);
    this.#save(sweep(emptyLedger(), now), account);
    return account;
  }

  /** Expires the leases of users who do not return. Deletes all storage when the state is empty. */
  override async alarm(): Promise<void> {
    const stored = this.#load();
    const now = sweep(stored.ledger, Date.now());
    const hasEnded = (stored.account?.endsAt ?? Infinity) <= now.at;
    const account = hasEnded ? undefined : stored.account;
    this.#stored = { ledger: now, account, alarmAt: null };
    if (now.days || Object.keys({ ...now.used, ...now.extra, ...now.leases, ...account }).length > 0)
      this.#save(now, account);
    else {
      this.#stored = undefined;
      await this.ctx.storage.deleteAll();
    }
  }

  #refusal(claim: Claim): RefusedClaim | undefined {
    const refusal = claimRefusal(this.#load().account, claim);
    return refusal && { refusal };
  }

  /** Stores the next ledger, if it changed. */
  #update<Next extends { ledger: Ledger; changed: boolean }>(next: (ledger: Ledger, now: number) => Next): Next {
    const { ledger, account } = this.#load();
    const updated = next(ledger, Date.now());
    if (updated.changed) this.#save(updated.ledger, account);
    return updated;
  }

  #load(): Stored {
    if (this.#stored) return this.#stored;
    const { sql } = this.ctx.storage;
    this.#hasTable = sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'ledger'").toArray().length > 0;
    const rows = this.#hasTable ? sql.exec<{ state: string }>("SELECT state FROM ledger").toArray() : [];
    const stored = rows[0] && (JSON.parse(rows[0].state) as Stored);
    this.#stored = stored ? { ...stored, ledger: readLedger(stored.ledger) } : { ledger: emptyLedger(), alarmAt: null };
    return this.#stored;
  }

  #save(ledger: Ledger, account: Account | undefined): void {
    const { storage } = this.ctx;
    let { alarmAt } = this.#load();
    const leaseEnd = nextLeaseEnd(ledger);
    // An overdue alarm is about to run, or the runtime gave up on it. A second alarm is harmless.
    const isSoonEnough = alarmAt !== null && alarmAt > ledger.at && alarmAt <= (leaseEnd ?? Infinity);
    const due = isSoonEnough ? undefined : (leaseEnd ?? lastEnd(ledger, account?.endsAt));
    if (due !== undefined) {
      alarmAt = due;
      // Not awaited: the output gate delays the result until all writes are confirmed.
      void storage.setAlarm(due);
    }
    const stored: Stored = { ledger, account, alarmAt };
    if (!this.#hasTable) {
      storage.sql.exec("CREATE TABLE IF NOT EXISTS ledger (id INTEGER PRIMARY KEY, state TEXT NOT NULL)");
    }
    storage.sql.exec(
      "INSERT INTO ledger (id, state) VALUES (0, ?) ON CONFLICT (id) DO UPDATE SET state = excluded.state",
      JSON.stringify(stored),
    );
    this.#hasTable = true;
    this.#stored = stored;
  }
}
