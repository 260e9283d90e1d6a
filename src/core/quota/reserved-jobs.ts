// The reservations of jobs that are not settled, for operators. Pure.

import { sweep } from "./expiry.ts";
import type { Ledger, StoredJob, StoredLease } from "./state.ts";

/** `key`: of the reservation. */
export type ReservedJob = StoredJob &
  Pick<StoredLease, "at" | "endsAt" | "model" | "bound" | "ended"> & { key: string };

/** Returns the jobs at `now` (epoch ms). An expired one can still be corrected. */
export function reservedJobs(ledger: Ledger, now: number): ReservedJob[] {
  return Object.entries(sweep(ledger, now).leases).flatMap(([key, { job, at, endsAt, model, bound, ended }]) =>
    job ? [{ key, ...job, at, endsAt, model, bound, ended }] : [],
  );
}
