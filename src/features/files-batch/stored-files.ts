// The files of one user, in the object's SQLite database, and the uploads that have not ended.

import type { FileLimits } from "./catalog.ts";

/** A file at the provider. */
export interface StoredFile {
  id: string;
  /** By its name in the catalog. */
  provider: string;
  purpose: string;
  bytes: number;
  /** As the user named it. */
  filename: string;
  /** Epoch seconds. */
  createdAt: number;
  expiresAt?: number | undefined;
  /** The key of the job that has written it. */
  job?: string | undefined;
  /** What the scan of its content has found, as JSON text. */
  facts?: string | undefined;
}

/** An upload that has begun. It counts as so many bytes until it ends. */
export interface Upload {
  id: string;
  /** The name of the user's objects. */
  owner: string;
  provider: string;
  bytes: number;
  /** Epoch ms. */
  beganAt: number;
}

/** One page of a list, as OpenAI's parameters describe it. */
export interface FilePage {
  purpose?: string | undefined;
  limit: number;
  isAscending: boolean;
  /** The id of the last file of the page before. */
  after?: string | undefined;
}

export interface FileList {
  files: StoredFile[];
  hasMore: boolean;
}

/** A limit of the plan that refuses an upload. */
export type UploadRefusal = { limit: "bytes" | "files"; used: number; most: number };

type FileRow = {
  id: string;
  provider: string;
  purpose: string;
  bytes: number;
  filename: string;
  created_at: number;
  expires_at: number | null;
  job: string | null;
  facts: string | null;
};

type UploadRow = { id: string; owner: string; provider: string; bytes: number; began_at: number };

export type FileStore = ReturnType<typeof openFileStore>;

/** Opens the files. Times in epoch ms. */
export function openFileStore(sql: SqlStorage) {
  sql.exec(`CREATE TABLE IF NOT EXISTS files (
    id TEXT PRIMARY KEY, provider TEXT NOT NULL, purpose TEXT NOT NULL, bytes INTEGER NOT NULL, filename TEXT NOT NULL,
    created_at INTEGER NOT NULL, expires_at INTEGER, job TEXT, facts TEXT
  )`);
  sql.exec(`CREATE TABLE IF NOT EXISTS uploads (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL, provider TEXT NOT NULL, bytes INTEGER NOT NULL, began_at INTEGER NOT NULL
  )`);
  const numberOf = (query: string, ...values: string[]) =>
    sql.exec<{ value: number | null }>(query, ...values).one().value ?? 0;
  const dropExpired = (now: number) => void sql.exec("DELETE FROM files WHERE expires_at <= ?", Math.floor(now / 1000));
  const get = (id: string, now: number): StoredFile | undefined => {
    dropExpired(now);
    const [row] = sql.exec<FileRow>("SELECT * FROM files WHERE id = ?", id).toArray();
    return row && toFile(row);
  };
  return {
    get,
    /**
     * Begins an upload, or changes its bytes, unless the plan's limits refuse it. Files that jobs have written do not
     * count.
     */
    begin(upload: Upload, limits: FileLimits): UploadRefusal | undefined {
      const { id, owner, provider, beganAt } = upload;
      dropExpired(upload.beganAt);
      const bytes =
        numberOf("SELECT SUM(bytes) AS value FROM files WHERE job IS NULL") +
        numberOf("SELECT SUM(bytes) AS value FROM uploads WHERE id <> ?", id);
      const files =
        numberOf("SELECT COUNT(*) AS value FROM files WHERE job IS NULL") +
        numberOf("SELECT COUNT(*) AS value FROM uploads WHERE id <> ?", id);
      if (files >= limits.max_files) return { limit: "files", used: files, most: limits.max_files };
      if (bytes + upload.bytes > limits.max_bytes) return { limit: "bytes", used: bytes, most: limits.max_bytes };
      sql.exec("INSERT OR REPLACE INTO uploads VALUES (?, ?, ?, ?, ?)", id, owner, provider, upload.bytes, beganAt);
      return undefined;
    },
    /** Ends an upload, with the file that it has made. Returns false when it has not begun: the file is not added. */
    end(uploadId: string, file?: StoredFile): boolean {
      const hasBegun = sql.exec("DELETE FROM uploads WHERE id = ? RETURNING id", uploadId).toArray().length > 0;
      if (file && hasBegun) this.add(file);
      // A repeated call finds the file.
      return hasBegun || (file !== undefined && get(file.id, 0) !== undefined);
    },
    /** Adds a file. A file that is there stays as it is. */
    add({ id, provider, purpose, bytes, filename, createdAt, expiresAt, job, facts }: StoredFile): void {
      const values = [id, provider, purpose, bytes, filename, createdAt, expiresAt ?? null, job ?? null, facts ?? null];
      sql.exec("INSERT OR IGNORE INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", ...values);
    },
    /** Returns one page, newest first unless it ascends. Undefined: the user has no file `after`. */
    list({ purpose, limit, isAscending, after }: FilePage, now: number): FileList | undefined {
      dropExpired(now);
      const last = after === undefined ? undefined : get(after, now);
      if (after !== undefined && !last) return undefined;
      const [direction, comparison] = isAscending ? ["ASC", ">"] : ["DESC", "<"];
      const rows = sql.exec<FileRow>(
        `SELECT * FROM files WHERE (?1 IS NULL OR purpose = ?1) AND (?2 IS NULL OR (created_at, id) ${comparison} (?2, ?3))
         ORDER BY created_at ${direction}, id ${direction} LIMIT ?4`,
        purpose ?? null,
        last?.createdAt ?? null,
        last?.id ?? null,
        limit + 1,
      );
      const files = rows.toArray().map(toFile);
      return { files: files.slice(0, limit), hasMore: files.length > limit };
    },
    remove: (id: string) => void sql.exec("DELETE FROM files WHERE id = ?", id),
    /** Returns all files, for the deletion of the user. */
    all: (): StoredFile[] => sql.exec<FileRow>("SELECT * FROM files").toArray().map(toFile),
    /** Returns the time of the oldest upload that has not ended (epoch ms). */
    firstUpload: (): number | undefined => numberOf("SELECT MIN(began_at) AS value FROM uploads") || undefined,
    /** Returns the uploads that began before a time (epoch ms). Their requests are lost. */
    uploadsBefore(time: number): Upload[] {
      const rows = sql.exec<UploadRow>("SELECT * FROM uploads WHERE began_at < ?", time);
      return rows
        .toArray()
        .map(({ id, owner, provider, bytes, began_at }) => ({ id, owner, provider, bytes, beganAt: began_at }));
    },
  };
}

const toFile = ({ created_at, expires_at, job, facts, ...row }: FileRow): StoredFile => ({
  ...row,
  createdAt: created_at,
  ...(expires_at === null ? {} : { expiresAt: expires_at }),
  ...(job === null ? {} : { job }),
  ...(facts === null ? {} : { facts }),
});
