// What a user's object of runs has in storage.

import { createLog } from "../../../../src/features/runs/log.ts";
import { readContent } from "../../../../src/features/runs/content.ts";
import { createSeal } from "../../../../src/features/runs/seal.ts";
import type { StoredRun } from "../../../../src/features/runs/storage.ts";
import { bindings } from "../../../support/workerd.ts";
import type { ReceivedEvent } from "./run-events.ts";
import { readRunEvents, saidIn } from "./run-events.ts";
import type { RunUser } from "./run-user.ts";

const latin = new TextDecoder("latin1");

/** Everything that is stored, as keys and values. */
export const storedEntries = (user: RunUser): Promise<[string, unknown][]> =>
  user.inside(({ storage }) => [...storage.kv.list()]);

const sealOf = (user: RunUser, key: string) => createSeal(bindings.QUOTA_PEPPER, user.name, key);

/** The stored record of a run; undefined when there is none. */
export async function storedRun(user: RunUser, key: string): Promise<StoredRun | undefined> {
  const { id } = await sealOf(user, key);
  return user.inside(({ storage }) => storage.kv.get<StoredRun>(`run:${id}`));
}

/** Replaces the stored record of a run. */
export async function storeRun(user: RunUser, key: string, run: object): Promise<void> {
  const { id } = await sealOf(user, key);
  await user.inside(({ storage }) => storage.kv.put(`run:${id}`, run));
}

const bytesToText = (_key: string, value: unknown) => (value instanceof Uint8Array ? latin.decode(value) : value);

/** Everything that is stored as one text, also the bytes. */
export async function storageDump(user: RunUser): Promise<string> {
  return JSON.stringify(await storedEntries(user), bytesToText);
}

/** The events that are stored of a run, decrypted with its key. */
export async function storedEvents(user: RunUser, key: string): Promise<ReceivedEvent[]> {
  const seal = await sealOf(user, key);
  const entries = Object.fromEntries(await storedEntries(user)) as Record<string, Uint8Array<ArrayBuffer>>;
  const run = entries[`run:${seal.id}`] as unknown as StoredRun;
  const parts = Array.from({ length: run.parts }, (_, part) => entries[`part:${seal.id}:${part}`]);
  const sealed = [...parts, run.rest].filter((part) => part !== undefined);
  const events = await readContent(sealed, seal);
  if (!events) throw new Error("the stored content cannot be decrypted");
  return readRunEvents(createLog(events).after(0)?.text ?? "");
}

/** The stored text of a run. */
export const storedText = async (user: RunUser, key: string): Promise<string> => saidIn(await storedEvents(user, key));
