// The stored runs and ledgers of a Weir that does not run.

import { deserialize } from "node:v8";
import type { Ledger } from "../../src/core/quota/state.ts";
import type { StoredRun } from "../../src/features/runs/storage.ts";
import { readStorage } from "../object-storage.ts";

export interface StoredObjects {
  /** The ledgers of users by the name of their object. */
  ledgers: Map<string, Ledger>;
  runs: StoredRun[];
  /** Everything that the objects of runs still have: tables with rows, and alarms. */
  leftOfRuns: string[];
}

/** Reads the objects in a folder of storage. */
export function readObjects(storage: string): StoredObjects {
  return readStorage(storage, ({ ledgers, rowsOf, alarmsOf }) => {
    const stored = rowsOf("UserRuns", "_cf_KV");
    const values = stored.flatMap(({ rows }) => rows).filter(({ key }) => String(key).startsWith("run:"));
    const leftRows = stored.filter(({ rows }) => rows.length > 0).map(({ id, rows }) => `${rows.length} rows in ${id}`);
    const leftAlarms = alarmsOf("UserRuns").map((row) => `the alarm of ${String(row["actor_name"])}`);
    return {
      ledgers,
      runs: values.map(({ value }) => deserialize(value as Uint8Array) as StoredRun),
      leftOfRuns: [...leftRows, ...leftAlarms],
    };
  });
}
