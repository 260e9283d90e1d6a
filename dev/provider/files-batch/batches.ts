// The routes of batches: create, list, read and cancel.
import { type Context, Hono } from "hono";
import { type JsonObject, readBody, readString, refuseUnknown } from "../kernel/body.ts";
import { type Env, now } from "../kernel/env.ts";
import { invalidRequest, invalidValue } from "../kernel/errors.ts";
import { createId } from "../kernel/ids.ts";
import { startClock } from "../kernel/job-clock.ts";
import { readJobScript, readMetadata, sendCreated } from "../kernel/job-creation.ts";
import { keepNewest } from "../kernel/newest.ts";
import { toPage } from "../kernel/pages.ts";
import { batchStateAt, isEnded } from "./batch-clock.ts";
import { type BatchError, scanLines } from "./batch-lines.ts";
import { advanceBatch, type BatchRun, readFirstScript } from "./batch-run.ts";
import { BATCH_SCRIPT_RULES, type BatchScript } from "./batch-script.ts";
import { NO_USAGE } from "./batch-usage.ts";
import { type BatchFacts, toWireBatch } from "./batch-wire.ts";
import { readExpiry } from "./expiry.ts";
import { findStoredFile } from "./files-store.ts";

const PARAMETERS = new Set(["input_file_id", "endpoint", "completion_window", "metadata", "output_expires_after"]);
const ENDPOINTS = [
  "/v1/responses",
  "/v1/chat/completions",
  "/v1/embeddings",
  "/v1/completions",
  "/v1/moderations",
  "/v1/images/generations",
  "/v1/images/edits",
  "/v1/videos",
];
const COMPLETION_WINDOW = "24h";
const FILES_EXPIRE_AFTER_S = 30 * 86_400;
const MAX_BATCHES = 200;
const PAGE_RULES = { defaultLimit: 20, maxLimit: 100, noun: "Batch" };

/** A validation error that does not come from the file. */
const SCRIPTED_ERROR: BatchError = {
  code: "token_limit_exceeded",
  line: null,
  message: "Enqueued token limit reached in organization org-emulated. Please try again once some batches have ended.",
  param: null,
};

type Batch = BatchRun & BatchFacts;

const batches = new Map<string, Batch>();

export const batchRoutes = new Hono<Env>()
  .post("/", async (c) => {
    const body = await readBody(c);
    refuseUnknown(body, PARAMETERS);
    const create = readNewBatch(c, body);
    return sendCreated(c, create.script, () => {
      const batch = create.start();
      keepNewest(batches, batch, MAX_BATCHES);
      return toWireBatch(batch, batchStateAt({ lineCount: batch.lines.length, script: {} }, 0));
    });
  })
  .get("/", async (c) => {
    const page = toPage(
      [...batches.values()].map(({ id }) => ({ id })),
      { ...c.req.query(), order: "desc" },
      PAGE_RULES,
    );
    const data = [];
    for (const { id } of page.data) data.push(await showBatch(requireBatch(id)));
    return c.json({ ...page, data });
  })
  .get("/:id", async (c) => c.json(await showBatch(requireBatch(c.req.param("id")))))
  .post("/:id/cancel", async (c) => {
    const batch = requireBatch(c.req.param("id"));
    const { status } = await advanceBatch(batch);
    if (isEnded(status)) {
      throw invalidRequest(`Cannot cancel a batch with status '${status}'.`, null, null, 409);
    }
    batch.cancelledAt ??= batch.clock.elapsed();
    return c.json(await showBatch(batch));
  });

/** Runs the lines that are due in all batches. */
export async function catchUpBatches(): Promise<void> {
  for (const batch of batches.values()) await advanceBatch(batch);
}

async function showBatch(batch: Batch): Promise<JsonObject> {
  return toWireBatch(batch, await advanceBatch(batch));
}

function requireBatch(id: string): Batch {
  const batch = batches.get(id);
  if (batch) return batch;
  throw invalidRequest(`No batch found with id '${id}'.`, null, null, 404);
}

/** Validates a body. Throws OpenAI's 400 for its first fault. The batch exists once it is started. */
function readNewBatch(c: Context<Env>, body: JsonObject) {
  const moment = now(c.env);
  const inputFileId = readString(body, "input_file_id");
  const endpoint = readString(body, "endpoint");
  if (!ENDPOINTS.includes(endpoint)) throw invalidValue("endpoint", endpoint, ENDPOINTS);
  const window = readString(body, "completion_window");
  if (window !== COMPLETION_WINDOW) throw invalidValue("completion_window", window, [COMPLETION_WINDOW]);
  const metadata = readMetadata(body);
  const filesExpireAfter = readExpiry(body["output_expires_after"], "output_expires_after") ?? FILES_EXPIRE_AFTER_S;
  const script = readJobScript<BatchScript>(metadata, BATCH_SCRIPT_RULES);
  const file = findStoredFile(inputFileId, moment);
  if (!file) throw invalidRequest(`No such File object: ${inputFileId}`, "input_file_id");
  if (file.purpose !== "batch") {
    const message = `Invalid file purpose: expected 'batch', but file '${inputFileId}' has the purpose '${file.purpose}'.`;
    throw invalidRequest(message, "input_file_id", "invalid_value");
  }
  const { content } = file;
  const start = (): Batch => {
    const scanned = scanLines(content, endpoint, moment);
    const lines = "lines" in scanned ? scanned.lines : [];
    const model = "lines" in scanned ? scanned.model : undefined;
    const whole = { ...readFirstScript(content, lines), ...script };
    const errors = whole.batch_fails ? [SCRIPTED_ERROR] : "errors" in scanned ? scanned.errors : [];
    return {
      id: createId("batch_", 32),
      endpoint,
      inputFileId,
      metadata,
      model: model?.snapshotId ?? null,
      script: whole,
      clock: startClock(moment),
      content,
      lines,
      errors,
      filesExpireAfter,
      output: [],
      usage: NO_USAGE,
      callRoute: c.var.callRoute,
    };
  };
  return { script, start };
}
