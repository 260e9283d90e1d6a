// The jobs of one user, in the object's SQLite database.

import type { Job } from "../../core/jobs/job-kind.ts";

/** A job as it is stored, from before its reservation on. */
export interface WatchedJob extends Job {
  /** Its JobKind. */
  kind: string;
  /** The provider's object; undefined until its creation is confirmed. */
  id?: string | undefined;
  /** By its name in the catalog. */
  provider: string;
  /** Files that it reads. */
  inputs: string[];
  /** The time of the next check (epoch ms); undefined when it is settled. */
  checkAt?: number | undefined;
  /** The number of checks. */
  checks: number;
  /** The provider's object at the last check, as JSON text for the user. */
  text?: string | undefined;
  /** Models that it has made. */
  models: string[];
}

export type NewJob = Omit<WatchedJob, "id" | "checkAt" | "checks" | "text" | "models">;

export interface JobPage {
  kind: string;
  limit: number;
  /** The id of the last job of the page before. */
  after?: string | undefined;
}

/** Settled jobs that are kept. A job that has made models stays, because their owner calls them. */
const MAX_SETTLED = 500;

type JobRow = {
  key: string;
  id: string | null;
  kind: string;
  provider: string;
  owner: string;
  snapshot: string;
  created_at: number;
  check_at: number | null;
  checks: number;
  inputs: string;
  terms: string;
  text: string | null;
  models: string;
};

export type JobStore = ReturnType<typeof openJobStore>;

/** Opens the jobs. Times in epoch ms. */
export function openJobStore(sql: SqlStorage) {
  sql.exec(`CREATE TABLE IF NOT EXISTS jobs (
    key TEXT PRIMARY KEY, id TEXT, kind TEXT NOT NULL, provider TEXT NOT NULL, owner TEXT NOT NULL,
    snapshot TEXT NOT NULL, created_at INTEGER NOT NULL, check_at INTEGER, checks INTEGER NOT NULL,
    inputs TEXT NOT NULL, terms TEXT NOT NULL, text TEXT, models TEXT NOT NULL
  )`);
  const select = (condition: string, ...values: (string | number | null)[]): WatchedJob[] =>
    sql
      .exec<JobRow>(`SELECT * FROM jobs WHERE ${condition}`, ...values)
      .toArray()
      .map(toJob);
  const unsettled = () => select("check_at IS NOT NULL");
  return {
    unsettled,
    byKey: (key: string) => select("key = ?", key)[0],
    byId: (kind: string, id: string) => select("kind = ? AND id = ?", kind, id)[0],
    /** Stores a job before its reservation. Returns false when the user has too many jobs. */
    add({ key, kind, provider, owner, snapshot, createdAt, inputs, terms }: NewJob, checkAt: number, most: number) {
      if (unsettled().length >= most) return false;
      sql.exec(
        `INSERT INTO jobs (key, kind, provider, owner, snapshot, created_at, check_at, checks, inputs, terms, models)
         VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?, ?, '[]')`,
        key,
        kind,
        provider,
        owner,
        snapshot,
        createdAt,
        checkAt,
        JSON.stringify(inputs),
        JSON.stringify(terms),
      );
      sql.exec(
        `DELETE FROM jobs WHERE check_at IS NULL AND models = '[]' AND key NOT IN
         (SELECT key FROM jobs WHERE check_at IS NULL AND models = '[]' ORDER BY created_at DESC LIMIT ?)`,
        MAX_SETTLED,
      );
      return true;
    },
    /** Stores the state of a job after a check, or after its creation. Without `checkAt` it is settled. */
    save({ key, id, checkAt, checks, terms, text, models }: WatchedJob): void {
      sql.exec(
        "UPDATE jobs SET id = ?, check_at = ?, checks = ?, terms = ?, text = ?, models = ? WHERE key = ?",
        id ?? null,
        checkAt ?? null,
        checks,
        JSON.stringify(terms),
        text ?? null,
        JSON.stringify(models),
        key,
      );
    },
    remove: (key: string) => void sql.exec("DELETE FROM jobs WHERE key = ?", key),
    /** Returns one page of the jobs of a kind, newest first. */
    list({ kind, limit, after }: JobPage): { jobs: WatchedJob[]; hasMore: boolean } {
      const last = after === undefined ? undefined : select("kind = ? AND id = ?", kind, after)[0];
      const jobs = select(
        `kind = ?1 AND id IS NOT NULL AND (?2 IS NULL OR (created_at, key) < (?2, ?3))
         ORDER BY created_at DESC, key DESC LIMIT ?4`,
        kind,
        last?.createdAt ?? null,
        last?.key ?? null,
        limit + 1,
      );
      return { jobs: jobs.slice(0, limit), hasMore: jobs.length > limit };
    },
    /** Returns the models that jobs have made, with their base snapshots, the newest first. */
    models: () =>
      select("models <> '[]' ORDER BY created_at DESC").flatMap(({ models, snapshot }) =>
        models.map((name) => ({ name, snapshot })),
      ),
    /** Returns the job that has made a model. */
    byModel: (model: string) => select("EXISTS (SELECT 1 FROM json_each(models) WHERE value = ?)", model)[0],
  };
}

const toJob = ({ created_at, check_at, inputs, terms, models, id, text, ...row }: JobRow): WatchedJob => ({
  ...row,
  createdAt: created_at,
  inputs: JSON.parse(inputs) as string[],
  terms: JSON.parse(terms) as object,
  models: JSON.parse(models) as string[],
  ...(id === null ? {} : { id }),
  ...(check_at === null ? {} : { checkAt: check_at }),
  ...(text === null ? {} : { text }),
});
