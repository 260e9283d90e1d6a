// The storage of a Weir that does not run, read from the files of its Durable Objects.

import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { deserialize } from "node:v8";
import type { Ledger } from "../../src/core/quota/state.ts";
import type { StoredRun } from "../../src/features/runs/storage.ts";

type Row = Record<string, unknown>;

export interface StoredObjects {
  /** The ledgers of users by the name of their object. */
  ledgers: Map<string, Ledger>;
  runs: StoredRun[];
  /** Everything that the objects of runs still have: tables with rows, and alarms. */
  leftOfRuns: string[];
}

/** Reads a copy, because SQLite repairs the files of a process that was killed. */
export function readObjects(storage: string): StoredObjects {
  const copy = mkdtempSync(join(tmpdir(), "weir-"));
  try {
    cpSync(storage, copy, { recursive: true });
    return readFolder(copy);
  } finally {
    rmSync(copy, { recursive: true });
  }
}

function readFolder(storage: string): StoredObjects {
  const names = new Map(alarmsOf(storage, "UserQuota").map((row) => [row["actor_id"], String(row["actor_name"])]));
  const ledgers = filesOf(storage, "UserQuota").flatMap(({ id, file }) =>
    read(file, "ledger").map(({ state }) => {
      const { ledger } = JSON.parse(String(state)) as { ledger: Ledger };
      return [names.get(id) ?? id, ledger] as const;
    }),
  );
  const stored = filesOf(storage, "UserRuns").map(({ id, file }) => ({ id, file, rows: read(file, "_cf_KV") }));
  const values = stored.flatMap(({ rows }) => rows).filter(({ key }) => String(key).startsWith("run:"));
  const leftRows = stored.filter(({ rows }) => rows.length > 0).map(({ id, rows }) => `${rows.length} rows in ${id}`);
  const leftAlarms = alarmsOf(storage, "UserRuns").map((row) => `the alarm of ${String(row["actor_name"])}`);
  return {
    ledgers: new Map(ledgers),
    runs: values.map(({ value }) => deserialize(value as Uint8Array) as StoredRun),
    leftOfRuns: [...leftRows, ...leftAlarms],
  };
}

const METADATA = "metadata.sqlite";

/** The database of each object of a class. */
function filesOf(storage: string, type: string): { id: string; file: string }[] {
  const folder = join(storage, type);
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => name.endsWith(".sqlite") && name !== METADATA);
  return names.map((name) => ({ id: name.replace(".sqlite", ""), file: join(folder, name) }));
}

function alarmsOf(storage: string, type: string): Row[] {
  const file = join(storage, type, METADATA);
  return existsSync(file) ? read(file, "_cf_ALARM") : [];
}

/** The rows of a table; none when there is no such table. */
function read(file: string, table: string): Row[] {
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
