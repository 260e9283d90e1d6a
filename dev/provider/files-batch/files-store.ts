// Keeps the newest files in the memory of the isolate: 1000 files, and 400 MB of content.
import { createId } from "../kernel/ids.ts";
import type { Content } from "./content.ts";

const MAX_FILES = 1000;
const MAX_BYTES = 400 * 1024 * 1024;

export interface StoredFile {
  id: string;
  filename: string;
  purpose: string;
  /** Epoch seconds. */
  createdAt: number;
  expiresAt: number | undefined;
  content: Content;
}

const files = new Map<string, StoredFile>();

/** Stores a file, and deletes the oldest ones when there are too many. */
export function storeFile(file: Omit<StoredFile, "id">): StoredFile {
  const stored = { id: createId("file-", 24), ...file };
  files.set(stored.id, stored);
  let bytes = 0;
  let count = 0;
  for (const { id, content } of [...files.values()].toReversed()) {
    bytes += content.length;
    count++;
    if (id !== stored.id && (bytes > MAX_BYTES || count > MAX_FILES)) files.delete(id);
  }
  return stored;
}

/** Finds a file that has not expired by that moment. */
export function findStoredFile(id: string, moment: Date): StoredFile | undefined {
  const file = files.get(id);
  return file && isAlive(file, moment) ? file : undefined;
}

/** All files that have not expired by that moment, the oldest first. */
export function listFiles(moment: Date): StoredFile[] {
  return [...files.values()].filter((file) => isAlive(file, moment));
}

export function deleteFile(id: string): void {
  files.delete(id);
}

function isAlive({ expiresAt = Infinity }: StoredFile, moment: Date): boolean {
  return expiresAt * 1000 > moment.getTime();
}
