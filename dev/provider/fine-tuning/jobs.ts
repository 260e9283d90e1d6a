// The routes of fine-tuning jobs: create, list, read, cancel, pause, resume, events and checkpoints.
import { type Context, Hono } from "hono";
import { readBody } from "../kernel/body.ts";
import type { Env } from "../kernel/env.ts";
import { invalidRequest } from "../kernel/errors.ts";
import { sendCreated } from "../kernel/job-creation.ts";
import { toPage } from "../kernel/pages.ts";
import { readCreation } from "./creation.ts";
import { findJob, listJobs, readState, storeJob, type TrainingJob } from "./job.ts";
import { hasEnded } from "./training-clock.ts";
import { toWireCheckpoints, toWireEvents, toWireJob } from "./wire.ts";

const JOB_PAGES = { defaultLimit: 20, maxLimit: 100, noun: "Fine-tuning job" };
const EVENT_PAGES = { ...JOB_PAGES, noun: "Event" };
const CHECKPOINT_PAGES = { ...JOB_PAGES, defaultLimit: 10, noun: "Checkpoint" };

export const fineTuningRoutes = new Hono<Env>()
  .post("/", async (c) => {
    const creation = readCreation(c, await readBody(c));
    return sendCreated(c, creation.script, () => {
      const job = creation.start();
      storeJob(job);
      return toWireJob(job);
    });
  })
  .get("/", (c) => {
    const jobs = listJobs().filter((job) => hasMetadata(job, c.req.query()));
    return c.json(toPage(jobs.map(toWireJob), newestFirst(c), JOB_PAGES));
  })
  .get("/:id", (c) => c.json(toWireJob(requireJob(c))))
  .get("/:id/events", (c) => c.json(toPage(toWireEvents(requireJob(c)), newestFirst(c), EVENT_PAGES)))
  .get("/:id/checkpoints", (c) => c.json(toPage(toWireCheckpoints(requireJob(c)), newestFirst(c), CHECKPOINT_PAGES)))
  .post("/:id/cancel", (c) =>
    change(
      c,
      "cancel",
      (state) => !hasEnded(state),
      (job) => {
        job.cancelledAt = job.clock.elapsed();
      },
    ),
  )
  .post("/:id/pause", (c) =>
    change(
      c,
      "pause",
      ({ status }) => status === "running",
      (job) => {
        job.pauses.push({ from: job.clock.elapsed() });
      },
    ),
  )
  .post("/:id/resume", (c) =>
    change(
      c,
      "resume",
      ({ status }) => status === "paused",
      (job) => {
        const last = job.pauses.at(-1);
        if (last) last.to = job.clock.elapsed();
      },
    ),
  );

/** Applies a change when the state allows it, and shows the job. Throws a 400 otherwise. */
function change(
  c: Context<Env>,
  verb: string,
  isPossible: (state: ReturnType<typeof readState>) => boolean,
  apply: (job: TrainingJob) => void,
): Response {
  const job = requireJob(c);
  const state = readState(job);
  if (!isPossible(state)) {
    throw invalidRequest(`Cannot ${verb} the job ${job.id}, because its status is '${state.status}'.`);
  }
  apply(job);
  return c.json(toWireJob(job));
}

function requireJob(c: Context<Env>): TrainingJob {
  const id = c.req.param("id") ?? "";
  const job = findJob(id);
  if (job) return job;
  throw invalidRequest(`Could not find fine tune: ${id}`, "fine_tune_id", "fine_tune_not_found", 404);
}

/** These lists have no parameter `order`. */
const newestFirst = (c: Context<Env>) => ({ ...c.req.query(), order: "desc" });

/** Tests the parameters `metadata[key]=value` and `metadata=null`. */
function hasMetadata({ metadata }: TrainingJob, query: Record<string, string>): boolean {
  if (query["metadata"] === "null" && metadata !== null) return false;
  return Object.entries(query).every(([name, value]) => {
    const key = /^metadata\[(.*)\]$/.exec(name)?.[1];
    return key === undefined || metadata?.[key] === value;
  });
}
