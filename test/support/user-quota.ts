// A user's quota object inside workerd: claims, limits per day, and its storage.

import { runInDurableObject } from "cloudflare:test";
import { vi } from "vitest";
import type { Claim, RefusedClaim } from "../../src/core/quota/account.ts";
import type { Reservation } from "../../src/core/quota/ledger.ts";
import type { Limits, QuotaView } from "../../src/core/quota/view.ts";
import { bindings } from "./workerd.ts";

/** Later than any clock that runs these tests, so that no alarm ever runs by itself. */
export const START = Date.UTC(2100, 0, 1, 12);
export const LEASE_MS = 60_000;
export const MODEL = "o4-mini";
/** 10 of input and 50 of output; one nano-dollar each. */
export const BOUND = {
  input: 10,
  output: 50,
  minOutput: 50,
  choices: 1,
  requests: 1,
  inputNanoUsd: 10,
  outputNanoUsd: 1,
};
export const BOUND_TOKENS = 60;

/** A token without a plan and without a time of issue. */
export const CLAIM: Claim = { plan: "", claimed: "", issuedAt: 0 };

export const limitsOf = (tokens: number): Limits => ({
  windows: [
    { unit: "tokens", per: "day", limit: tokens },
    { unit: "requests", per: "day", limit: 1000 },
    { unit: "usd", per: "day", limit: 1_000_000 },
  ],
  concurrent: 100,
});
export const LIMITS = limitsOf(10_000);

export const reservation = (key: string, bound = BOUND): Reservation => ({
  key,
  model: MODEL,
  bound,
  leaseMs: LEASE_MS,
});
export const settlement = (key: string, tokens: number) => ({ key, charge: { tokens, requests: 1, nanoUsd: tokens } });

export const createObject = () => bindings.USER_QUOTA.getByName(crypto.randomUUID());
export type QuotaObject = ReturnType<typeof createObject>;

/** The result for an accepted claim. */
export function served<Result extends object>(result: Result | RefusedClaim): Exclude<Result, RefusedClaim> {
  if ("refusal" in result) throw new Error(`the claim was refused: ${JSON.stringify(result)}`);
  return result as Exclude<Result, RefusedClaim>;
}

export const viewOf = async (object: QuotaObject): Promise<QuotaView> => served(await object.view(CLAIM, LIMITS)).view;

/** Used and reserved amounts of the window of a unit. */
export async function windowOf(object: QuotaObject, unit = "tokens") {
  const { windows } = await viewOf(object);
  const window = windows.find((candidate) => candidate.unit === unit);
  return { used: window?.used, reserved: window?.reserved };
}

/** All rows of the object's own tables. `state` is JSON text. */
export const rowsOf = (object: QuotaObject) =>
  runInDurableObject(object, (_, { storage }) => {
    const tables = storage.sql.exec<{ name: string }>(
      "SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'",
    );
    return tables
      .toArray()
      .flatMap(({ name }) => storage.sql.exec<{ state: string }>(`SELECT * FROM "${name}"`).toArray());
  });

/** The number of rows that the object writes during `work`, as they are billed. */
export async function rowsWritten(object: QuotaObject, work: () => Promise<unknown>): Promise<number> {
  let rows = 0;
  const exec = await runInDurableObject(object, (_, { storage: { sql } }) => {
    const original = sql.exec.bind(sql);
    sql.exec = ((...statement: Parameters<typeof original>) => {
      const cursor = original(...statement);
      rows += cursor.rowsWritten;
      return cursor;
    }) as typeof original;
    return original;
  });
  await work();
  await runInDurableObject(object, (_, { storage: { sql } }) => {
    sql.exec = exec;
  });
  return rows;
}

/** For `beforeEach`: dates stand at START until a test moves them. */
export function stopDate(): void {
  vi.useFakeTimers({ toFake: ["Date"], now: START });
}

/** For `afterEach`. */
export function resumeDate(): void {
  vi.useRealTimers();
}
