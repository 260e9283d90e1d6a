// The Durable Object around the ledger: one per user, one JSON row, cached in a field. It decides nothing itself.

import { DurableObject } from "cloudflare:workers";
import type { Bindings } from "../env.ts";
import type { Charge, Ledger, Reservation, ReserveResult } from "./ledger.ts";
import { emptyLedger, nextLeaseEnd, reserve, settle, sweep, view } from "./ledger.ts";
import type { Limits, View } from "./view.ts";

interface Stored {
  ledger: Ledger;
  /** When the alarm is set for (epoch ms): setting it costs a row, so it is left alone while it comes soon enough. */
  alarmAt: number | null;
}

export class UserQuota extends DurableObject<Bindings> {
  #stored: Stored | undefined;

  /** Reserves a bound under the caller's plan. Writes one row when granted and none when refused. */
  reserve(limits: Limits, reservation: Reservation): ReserveResult {
    const next = reserve(this.#load().ledger, limits, reservation, Date.now());
    if (next.changed) this.#save(next.ledger);
    return next.result;
  }

  /** Settles a reservation, once, and tells what is left. Writes one row, and none when it is repeated. */
  settle(limits: Limits, settlement: { key: string; charge: Charge }): View {
    const now = Date.now();
    const next = settle(this.#load().ledger, settlement, now);
    if (next.changed) this.#save(next.ledger);
    return view(next.ledger, limits, now);
  }

  view(limits: Limits): View {
    return view(this.#load().ledger, limits, Date.now());
  }

  /** Ends leases of users who never return. */
  override alarm(): void {
    const { ledger } = this.#load();
    this.#stored = { ledger, alarmAt: null };
    this.#save(sweep(ledger, Date.now()));
  }

  #load(): Stored {
    if (this.#stored) return this.#stored;
    const { sql } = this.ctx.storage;
    const tables = sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'ledger'").toArray();
    const rows = tables.length > 0 ? sql.exec<{ state: string }>("SELECT state FROM ledger").toArray() : [];
    const state = rows[0]?.state;
    this.#stored = state ? (JSON.parse(state) as Stored) : { ledger: emptyLedger(), alarmAt: null };
    return this.#stored;
  }

  #save(ledger: Ledger): void {
    const { storage } = this.ctx;
    let { alarmAt } = this.#load();
    const due = nextLeaseEnd(ledger);
    if (due !== undefined && (alarmAt === null || due < alarmAt)) {
      alarmAt = due;
      // Not awaited: writes of one turn are confirmed together, and the answer waits for them (output gate).
      void storage.setAlarm(due);
    }
    storage.sql.exec("CREATE TABLE IF NOT EXISTS ledger (id INTEGER PRIMARY KEY, state TEXT NOT NULL)");
    storage.sql.exec(
      "INSERT INTO ledger (id, state) VALUES (0, ?) ON CONFLICT (id) DO UPDATE SET state = excluded.state",
      JSON.stringify({ ledger, alarmAt } satisfies Stored),
    );
    this.#stored = { ledger, alarmAt };
  }
}
