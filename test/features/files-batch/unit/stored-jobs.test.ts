// The stored jobs of a user: old settled ones are deleted, and those that have made models stay.

import { DatabaseSync } from "node:sqlite";
import { expect, it } from "vitest";
import { openJobStore } from "../../../../src/features/files-batch/stored-jobs.ts";

/** The part of an object's storage that the store uses, on a database in memory. */
function createSql(): SqlStorage {
  const database = new DatabaseSync(":memory:");
  const exec = (query: string, ...values: (string | number | null)[]) => {
    const rows = database.prepare(query).all(...values);
    return { toArray: () => rows, one: () => rows[0] };
  };
  return { exec } as unknown as SqlStorage;
}

it("a job that has made a model is kept, however many jobs follow", () => {
  const jobs = openJobStore(createSql());
  const settle = (number: number, kind: string, models: string[]) => {
    const key = `${kind}-${number}`;
    const job = { key, kind, provider: "openai", owner: "q1:owner", snapshot: "model", createdAt: number };
    jobs.add({ ...job, inputs: [], terms: {} }, number, 1);
    const stored = jobs.byKey(key);
    if (!stored) throw new Error(`there is no job '${key}'`);
    const { checkAt: _, ...settled } = stored;
    jobs.save({ ...settled, id: key, models });
  };
  settle(0, "fine-tuning", ["ft:model"]);
  for (let number = 1; number <= 502; number++) settle(number, "batch", []);
  expect(jobs.byModel("ft:model")?.key).toBe("fine-tuning-0");
  expect([1, 2, 3].map((number) => jobs.byKey(`batch-${number}`)?.key)).toEqual([undefined, "batch-2", "batch-3"]);
});
