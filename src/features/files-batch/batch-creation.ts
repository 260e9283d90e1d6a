// Creates a batch from a file whose lines were checked during its upload.

import * as v from "valibot";
import { chooseModel } from "../../core/catalog/choose.ts";
import { apiError } from "../../core/errors.ts";
import type { Caller } from "../../core/gateway/call.ts";
import { isOwnModel, withOwnModel } from "../../core/gateway/own-models.ts";
import { textUpTo } from "../../core/http/bounded-schemas.ts";
import type { BatchTerms } from "./batch-cost.ts";
import { batchKind } from "./batch-kind.ts";
import { requireUnmoderated } from "./batch-moderation.ts";
import { atBatchRates, batchNeeds } from "./batch-rates.ts";
import type { BatchFacts } from "./batch-scan.ts";
import { createJob } from "./create-job.ts";
import { JobMetadata, toUserText } from "./job-stamp.ts";
import { findStoredFiles } from "./own-files.ts";
import { readProviderBatch } from "./provider-batches.ts";
import type { StoredFile } from "./stored-files.ts";

const DAY_S = 86_400;

export const BatchCreation = v.strictObject({
  input_file_id: textUpTo(300),
  endpoint: textUpTo(100),
  completion_window: v.literal("24h"),
  metadata: v.nullish(JobMetadata),
  /** At least a day, so that the output is there when the batch is settled. */
  output_expires_after: v.nullish(
    v.strictObject({
      anchor: v.literal("created_at"),
      seconds: v.pipe(v.number(), v.integer(), v.minValue(DAY_S), v.maxValue(30 * DAY_S)),
    }),
  ),
});

type BatchCreation = v.InferOutput<typeof BatchCreation>;

/** A batch has a day, and some minutes after a cancellation. */
const LEASE_MS = 26 * 3_600_000;

const PARAM = "input_file_id";

/**
 * Creates a batch and answers with the provider's object. Throws 400 for a file that is no batch file or does not fit,
 * 404 for an unknown one, and the errors of `createJob`.
 */
export async function createBatch(caller: Caller, creation: BatchCreation): Promise<Response> {
  const { metadata, output_expires_after: expiry, ...required } = creation;
  const files = await findStoredFiles(caller, [creation.input_file_id], PARAM);
  const facts = requireFacts(files, creation.endpoint);
  const { catalog } = isOwnModel(facts.model) ? await withOwnModel(caller, facts.model) : caller;
  const { model } = chooseModel(catalog, facts.model, Date.now());
  const { card, snapshot } = model;
  const { url, tokens, nanoUsd, prices } = facts;
  const isSameModel = snapshot === facts.snapshot && card.provider === files[0]?.provider;
  if (!isSameModel || JSON.stringify(atBatchRates(card).prices ?? null) !== JSON.stringify(prices)) {
    throw outdated("The model or its prices have changed since the upload.");
  }
  const terms: BatchTerms = { url, tokens, nanoUsd, prices };
  return createJob(caller, {
    kind: batchKind.name,
    endpoint: "batch",
    model,
    needs: batchNeeds(PARAM),
    inputs: [creation.input_file_id],
    param: PARAM,
    total: { tokens, nanoUsd },
    terms,
    leaseMs: LEASE_MS,
    body: expiry ? { ...required, output_expires_after: expiry } : required,
    metadata: metadata ?? {},
    requirePlan(plan) {
      if (facts.maxOutputTokens > plan.max_output_tokens) throw outdated("Your plan has a lower output limit now.");
      // The gate sees the snapshot. The lines can have the name of an alias, which can moderate too.
      requireUnmoderated(caller, plan, model, PARAM);
    },
    read(text) {
      const batch = readProviderBatch(text);
      return { id: batch.id, text: toUserText(batch) };
    },
  });
}

function requireFacts([file]: StoredFile[], endpoint: string): BatchFacts {
  if (file?.purpose !== "batch" || file.facts === undefined) {
    const message = "The file has another purpose. Upload it with the purpose 'batch'.";
    throw apiError("invalid_request", message, { param: PARAM });
  }
  const facts = JSON.parse(file.facts) as BatchFacts;
  if (facts.url === endpoint) return facts;
  throw apiError("invalid_request", `'endpoint' must be '${facts.url}', as in the lines of the file.`, {
    param: "endpoint",
  });
}

const outdated = (reason: string) => apiError("invalid_request", `${reason} Upload the file again.`, { param: PARAM });
