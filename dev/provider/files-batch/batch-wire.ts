// The batch object on the wire.
import type { JsonObject } from "../kernel/body.ts";
import type { Metadata } from "../kernel/job-creation.ts";
import { type BatchState, isEnded } from "./batch-clock.ts";
import type { BatchRun } from "./batch-run.ts";
import { NO_USAGE } from "./batch-usage.ts";

const WINDOW_MS = 86_400_000;

/** The fields of a batch that its run does not need. */
export interface BatchFacts {
  inputFileId: string;
  model: string | null;
  metadata: Metadata | null;
}

/** The object in a state. The usage is zero until the batch has ended. */
export function toWireBatch(batch: BatchRun & BatchFacts, { status, linesDue, times }: BatchState): JsonObject {
  const { clock, errors, lines, output, end, script } = batch;
  const at = (ms: number | undefined) => (ms === undefined ? null : clock.toWire(ms));
  const run = output.slice(0, linesDue);
  const completed = run.filter(({ isCompleted }) => isCompleted).length;
  const hasUsage = isEnded(status) && !script.no_batch_usage;
  return {
    id: batch.id,
    object: "batch",
    endpoint: batch.endpoint,
    model: batch.model,
    errors: status === "failed" ? { object: "list", data: errors } : null,
    input_file_id: batch.inputFileId,
    completion_window: "24h",
    status,
    output_file_id: end?.outputFileId ?? null,
    error_file_id: end?.errorFileId ?? null,
    created_at: clock.toWire(0),
    in_progress_at: at(times.in_progress),
    expires_at: clock.toWire(WINDOW_MS),
    finalizing_at: at(times.finalizing),
    completed_at: at(times.completed),
    failed_at: at(times.failed),
    expired_at: at(times.expired),
    cancelling_at: at(times.cancelling),
    cancelled_at: at(times.cancelled),
    request_counts: {
      total: times.in_progress === undefined ? 0 : lines.length,
      completed,
      failed: status === "expired" ? lines.length - completed : run.length - completed,
    },
    usage: hasUsage ? batch.usage : NO_USAGE,
    metadata: batch.metadata,
  };
}
