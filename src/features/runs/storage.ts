// The stored runs of one user, in the object's key-value storage, and the alarm that deletes them.
//
// | key               | value                                              | written                        |
// | ----------------- | -------------------------------------------------- | ------------------------------ |
// | `run:<id>`        | StoredRun, with the last part of the content       | at the start, each flush, end  |
// | `part:<id>:<n>`   | a full part of the content, encrypted              | once                           |

import type { Amounts } from "../../core/catalog/quota-window.ts";
import { runsUnavailable } from "./failures.ts";

const VERSION = 1;

/** A run at rest. Content is encrypted: see seal.ts. */
export interface StoredRun {
  v: typeof VERSION;
  /** `open`: it is running, or its object was restarted. `forgotten`: its caller has deleted the content. */
  state: "open" | "ended" | "forgotten";
  fingerprint: string;
  /** Epoch ms: until then it can be read. A run that is still open then has lost its object. */
  keptUntil: number;
  keepMs: number;
  /** The reservation, and its charge if the object is restarted. Absent after the settlement. */
  lease?: { name: string; key: string; charge: Amounts } | undefined;
  /** Headers that are sent with every replay. */
  head: Record<string, string>;
  /** The number of full parts. */
  parts: number;
  /** The content after the full parts, encrypted. Absent when there is none. */
  rest?: Uint8Array<ArrayBuffer> | undefined;
  isInterrupted?: boolean;
  isTooLarge?: boolean;
  /** The content was only in memory. */
  isUnstored?: boolean;
}

interface Entry {
  state: StoredRun["state"];
  /** It has a reservation that is not settled. */
  isUnsettled: boolean;
  keptUntil: number;
}

export type RunStore = ReturnType<typeof openRunStore>;

/** A user keeps this many runs. A new one replaces the oldest that has ended. */
const MAX_RUNS = 64;

const runKey = (id: string) => `run:${id}`;
const partKey = (id: string, part: number) => `part:${id}:${part}`;

/** Opens the stored runs. `alarmAt`: the time of the object's alarm (epoch ms), null when it has none. */
export function openRunStore(storage: DurableObjectStorage, alarmAt: number | null) {
  const entries = new Map<string, Entry>();
  for (const [key, run] of storage.kv.list<StoredRun>({ prefix: "run:" })) entries.set(key.slice(4), toEntry(run));
  let nextAlarmAt = alarmAt;

  const setAlarm = (at: number) => {
    nextAlarmAt = at;
    // Not awaited: the output gate delays every answer until the write is confirmed.
    void storage.setAlarm(at);
  };
  const deleteParts = (id: string) => {
    for (const [key] of storage.kv.list({ prefix: partKey(id, 0).slice(0, -1) })) storage.kv.delete(key);
  };
  const remove = (id: string) => {
    storage.kv.delete(runKey(id));
    deleteParts(id);
    entries.delete(id);
  };
  return {
    /** The state and expiry of each run, by id. */
    entries: entries as ReadonlyMap<string, Readonly<Entry>>,
    remove,
    deleteParts,
    /** Returns a run; undefined when there is none. Throws 503 `runs_unavailable` for one of another version of Weir. */
    load(id: string): StoredRun | undefined {
      const run = entries.has(id) ? storage.kv.get<StoredRun>(runKey(id)) : undefined;
      if (run && run.v !== VERSION) throw runsUnavailable("the stored run has another version");
      return run;
    },
    /** Deletes the content of a run. Its key stays used. */
    forget(id: string, stored: StoredRun): void {
      const { rest: _, ...run } = stored;
      this.save(id, { ...run, state: "forgotten", parts: 0, head: {} });
      deleteParts(id);
    },
    /** Stores a run and its new full parts. Sets the alarm for a new run when none is set that is early enough. */
    save(id: string, run: Omit<StoredRun, "v">, newParts: [number, Uint8Array][] = []): void {
      const oldest = entries.has(id) || entries.size < MAX_RUNS ? undefined : oldestEnded(entries);
      if (oldest !== undefined) remove(oldest);
      const isNew = !entries.has(id);
      for (const [part, bytes] of newParts) storage.kv.put(partKey(id, part), bytes);
      const stored: StoredRun = { v: VERSION, ...run };
      storage.kv.put(runKey(id), stored);
      entries.set(id, toEntry(stored));
      if (isNew && (nextAlarmAt === null || nextAlarmAt > run.keptUntil)) setAlarm(run.keptUntil);
    },
    /** Returns the encrypted parts of a run in order. */
    contentOf(id: string, { parts, rest }: StoredRun): Uint8Array<ArrayBuffer>[] {
      const full = Array.from({ length: parts }, (_, part) =>
        storage.kv.get<Uint8Array<ArrayBuffer>>(partKey(id, part)),
      );
      return [...full, rest].filter((part) => part !== undefined);
    },
    /** Deletes everything, with the alarm. */
    async clear(): Promise<void> {
      entries.clear();
      nextAlarmAt = null;
      await storage.deleteAll();
    },
    /** Sets the next alarm after one has run, not before `earliest` (epoch ms). Clears the storage when there are no runs. */
    async afterAlarm(earliest: number): Promise<void> {
      const ends = [...entries.values()].map(({ keptUntil }) => keptUntil);
      if (ends.length > 0) setAlarm(Math.max(earliest, Math.min(...ends)));
      else await this.clear();
    },
  };
}

/** A run of another version of Weir is deleted by the next alarm. */
const toEntry = ({ v, state, keptUntil, lease }: StoredRun): Entry =>
  v === VERSION
    ? { state, keptUntil, isUnsettled: lease !== undefined }
    : { state: "ended", keptUntil: 0, isUnsettled: false };

function oldestEnded(entries: Map<string, Entry>): string | undefined {
  const ended = [...entries].filter(([, { state, isUnsettled }]) => state !== "open" && !isUnsettled);
  const [oldest] = ended.toSorted(([, one], [, other]) => one.keptUntil - other.keptUntil);
  return oldest?.[0];
}
