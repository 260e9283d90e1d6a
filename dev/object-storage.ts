// The storage of a Weir that does not run, read from the files of its Durable Objects.

import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Ledger } from "../src/core/quota/state.ts";

export type StoredRow = Record<string, unknown>;

/** The objects of a stopped Weir. */
export interface ObjectStorage {
  /** The ledgers of users by the name of their object. */
  ledgers: Map<string, Ledger>;
  /** Returns the rows of a table in each object of a class, by the object's id. */
  rowsOf: (className: string, table: string) => { id: string; rows: StoredRow[] }[];
  /** Returns the alarms of a class. */
  alarmsOf: (className: string) => StoredRow[];
}

/** Reads a copy of the storage, because SQLite repairs the files of a process that was killed. */
export function readStorage<Result>(storage: string, read: (objects: ObjectStorage) => Result): Result {
  const copy = mkdtempSync(join(tmpdir(), "weir-"));
  try {
    cpSync(storage, copy, { recursive: true });
    return read(openStorage(copy));
  } finally {
    rmSync(copy, { recursive: true });
  }
}

function openStorage(storage: string): ObjectStorage {
  const rowsOf = (className: string, table: string) =>
    filesOf(storage, className).map(({ id, file }) => ({ id, rows: readTable(file, table) }));
  const alarmsOf = (className: string) => {
    const file = join(storage, className, METADATA);
    return existsSync(file) ? readTable(file, "_cf_ALARM") : [];
  };
  const names = new Map(alarmsOf("UserQuota").map((row) => [row["actor_id"], String(row["actor_name"])]));
  const ledgers = rowsOf("UserQuota", "ledger").flatMap(({ id, rows }) =>
    rows.map(({ state }) => {
      const { ledger } = JSON.parse(String(state)) as { ledger: Ledger };
      return [names.get(id) ?? id, ledger] as const;
    }),
  );
  return { ledgers: new Map(ledgers), rowsOf, alarmsOf };
}

const METADATA = "metadata.sqlite";

/** The database of each object of a class. */
function filesOf(storage: string, className: string): { id: string; file: string }[] {
  const folder = join(storage, className);
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => name.endsWith(".sqlite") && name !== METADATA);
  return names.map((name) => ({ id: name.replace(".sqlite", ""), file: join(folder, name) }));
}

/** The rows of a table; none when there is no such table. */
function readTable(file: string, table: string): StoredRow[] {
  const database = new DatabaseSync(file);
  try {
    const exists = database.prepare("SELECT 1 FROM sqlite_master WHERE name = ?").get(table);
    if (!exists) return [];
    const rows = database.prepare(`SELECT * FROM ${table}`);
    rows.setReadBigInts(true);
    return rows.all();
  } finally {
    database.close();
  }
}
