// Batches in workerd: a user with files and batches, and what the provider bills for their lines.

import { runDurableObjectAlarm } from "cloudflare:test";
import { expect } from "vitest";
import type { BatchScript } from "../../../../dev/provider/files-batch/batch-script.ts";
import type { CreationScript } from "../../../../dev/provider/kernel/job-creation.ts";
import { emulate } from "../../../support/emulation.ts";
import type { Bindings } from "../../../../src/core/env.ts";
import { createDollarCatalog } from "../../../support/catalog.ts";
import { passTime } from "../../../support/clock.ts";
import { spendingOf } from "../../../support/estimate.ts";
import { emulation } from "../../../support/workerd.ts";
import type { FileObject } from "./uploads.ts";
import { createOwner } from "./uploads.ts";

export const BATCHES = "/v1/batches";
const MODEL = "o4-mini-2025-04-16";
const URL = "/v1/chat/completions";

/** Dollars per token of the model in a batch. */
const [INPUT_USD, OUTPUT_USD] = [0.55e-6, 2.2e-6];

/** The catalog of these tests. A job is checked each second. */
export const createBatchCatalog = () => ({
  ...createDollarCatalog(),
  files: { max_file_bytes: 100_000, poll_ms: 1000, max_poll_ms: 1000 },
});

export interface BatchObject {
  id: string;
  status: string;
  metadata: Record<string, string> | null;
  output_file_id: string | null;
  error_file_id: string | null;
  request_counts: { total: number; completed: number; failed: number };
}

/** A new user with batches of lines that answer with so many tokens. */
export async function createBatchOwner(changes?: Partial<Bindings>) {
  const owner = await createOwner(undefined, changes);
  const name = crypto.randomUUID().replaceAll("-", "");
  const toLine = (tokens: number, index: number) => {
    const content = `${emulate({ tokens, reasoning: 0 })}\nemulate-bill-${name}`;
    const body = { model: MODEL, messages: [{ role: "user", content }], max_completion_tokens: 100 };
    return `${JSON.stringify({ custom_id: `line-${index + 1}`, method: "POST", url: URL, body })}\n`;
  };
  /** Uploads a file with one line for each number of tokens. */
  const uploadLines = async (tokens: number[]) => {
    const response = await owner.upload(tokens.map(toLine).join(""), { purpose: "batch" }, "in.jsonl");
    const file = await response.json<FileObject>();
    expect(response.status, JSON.stringify(file)).toBe(200);
    return file.id;
  };
  /** Sends the creation of a batch. */
  const create = async (script: BatchScript & CreationScript = {}, fileId?: string, fields: object = {}) =>
    owner.post(BATCHES, {
      input_file_id: fileId ?? (await uploadLines([3, 5, 7])),
      endpoint: URL,
      completion_window: "24h",
      metadata: { emulate: JSON.stringify({ batch_seconds: 0, ...script }), topic: "rivers" },
      ...fields,
    });
  const createOne = async (script: BatchScript & CreationScript = {}, fileId?: string, fields: object = {}) => {
    const response = await create(script, fileId, fields);
    const batch = await response.json<BatchObject>();
    expect(response.status, JSON.stringify(batch)).toBe(200);
    return batch;
  };
  return {
    ...owner,
    uploadLines,
    create,
    createOne,
    look: async (id: string, rest = "", method = "GET") => {
      const response = await owner.get(`${BATCHES}/${id}${rest}`, { method });
      return { status: response.status, body: await response.json<BatchObject>() };
    },
    list: async (query = "") => {
      const response = await owner.get(`${BATCHES}${query}`);
      return (await response.json()) as { data: BatchObject[]; has_more: boolean; last_id: string | null };
    },
    /** Runs the alarm of the user's jobs, that much later. */
    wakeAfter: async (ms: number) => {
      passTime(ms);
      return runDurableObjectAlarm(owner.jobs());
    },
    /** What the provider has billed for all lines of this user's batches. */
    billed: async () => {
      const bills = await emulation.billed(name);
      const [input, output] = (["input", "output"] as const).map((side) =>
        bills.reduce((sum, bill) => sum + bill[side], 0),
      ) as [number, number];
      return { lines: bills.length, tokens: input + output, usd: input * INPUT_USD + output * OUTPUT_USD };
    },
    /** What the user has spent, and what is reserved. */
    spent: async () => {
      const { tokens, usd, requests, reserved } = await spendingOf(owner);
      return { tokens, usd, requests, reserved };
    },
  };
}

export type BatchOwner = Awaited<ReturnType<typeof createBatchOwner>>;
