// Faults of a user's object of runs: it is killed, and its storage stands still.

import { vi } from "vitest";
import { UserQuota } from "../../../../src/core/quota/user-quota.ts";
import { repeatUntil } from "../../../support/repeat.ts";
import type { RunUser } from "./run-user.ts";

/** Waits until a change that the test or an object makes. Works in the context of any object. */
export const waitUntil = (isTrue: () => boolean) => repeatUntil(() => Promise.resolve(isTrue()), Boolean);

/** Restarts the object without warning: its memory and its connections are lost. */
export async function kill(user: RunUser): Promise<void> {
  await user.inside((state) => state.abort("killed by a test")).catch(() => undefined);
}

/** From now on the object stores nothing, as if it were killed now. */
export const freezeStorage = (user: RunUser): Promise<void> =>
  user.inside(({ storage }) => {
    storage.kv.put = () => undefined;
  });

/** Kills the object at its next write, before anything is written. */
export const killAtNextWrite = (user: RunUser): Promise<void> =>
  user.inside((state) => {
    state.storage.kv.put = () => state.abort("killed by a test");
  });

export const NO_WRITES = { put: 0, delete: 0, alarm: 0 };

/** Counts the writes of the object from now on. Each is one row. */
export async function countWrites(user: RunUser) {
  const counts = { ...NO_WRITES };
  await user.inside(({ storage }) => {
    const { kv } = storage;
    const put = kv.put.bind(kv);
    const remove = kv.delete.bind(kv);
    const setAlarm = storage.setAlarm.bind(storage);
    kv.put = (...entry) => {
      counts.put += 1;
      put(...entry);
    };
    kv.delete = (name) => {
      counts.delete += 1;
      return remove(name);
    };
    storage.setAlarm = (...time) => {
      counts.alarm += 1;
      return setAlarm(...time);
    };
  });
  return () => ({ ...counts });
}

type Settle = (this: UserQuota, ...call: Parameters<UserQuota["settle"]>) => Promise<unknown>;

/**
 * Kills the object during its next settlement: when the ledger has not settled yet, or when it has and the object does
 * not know. Returns a function that waits for that.
 */
export function killAtSettlement(user: RunUser, moment: "before" | "after"): () => Promise<void> {
  let isReached = false;
  let isKilled = false;
  const settle: Settle = async function (...call) {
    if (moment === "after") this.settle(...call);
    isReached = true;
    await waitUntil(() => isKilled);
    throw new Error("the caller was killed");
  };
  vi.spyOn(UserQuota.prototype, "settle").mockImplementationOnce(settle as never);
  return async () => {
    await waitUntil(() => isReached);
    await kill(user);
    isKilled = true;
  };
}

/** Holds the next settlement of any user in the ledger, until it is released. */
export function holdSettlement() {
  let isReached = false;
  let isReleased = false;
  const settle: Settle = async function (...call) {
    isReached = true;
    await waitUntil(() => isReleased);
    return this.settle(...call);
  };
  vi.spyOn(UserQuota.prototype, "settle").mockImplementationOnce(settle as never);
  return { reached: () => waitUntil(() => isReached), release: () => void (isReleased = true) };
}
