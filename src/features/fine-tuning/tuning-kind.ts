// The kind of job `fine-tuning`: finds, checks and cancels jobs at the provider, and settles them.

import * as v from "valibot";
import { NO_AMOUNTS } from "../../core/catalog/quota-window.ts";
import { ModelName } from "../../core/catalog/card.ts";
import { ApiError } from "../../core/errors.ts";
import { statusOf } from "../../core/gateway/provider-error.ts";
import type { Job, JobEnd, JobFile, JobKind, JobPlace } from "../../core/jobs/job-kind.ts";
import { toUserText } from "../files-batch/job-stamp.ts";
import { getProviderFile, isFileId } from "../files-batch/provider-files.ts";
import type { TuningJob } from "./provider-jobs.ts";
import { actOnTuningJob, checkpointModels, findTuningJob, getTuningJob } from "./provider-jobs.ts";
import { TIMED_PAUSE_MS } from "./training-bound.ts";
import type { Seen, TrainingState, TrainingTerms } from "./training-cost.ts";
import { costOfTraining, hasEnded, nothingSeen, observe } from "./training-cost.ts";

/** The statuses of a cancellation that comes too late. */
const TOO_LATE = [400, 404, 409];

export const tuningKind: JobKind = {
  name: "fine-tuning",
  find: findTuningJob,
  async check(place, job, id) {
    const terms = termsOf(job);
    const before = terms.seen ?? nothingSeen(job.createdAt);
    let found = await getTuningJob(place, id);
    let seen = observe(before, stateOf(found), Date.now());
    if (mustEnd(terms, seen) && !hasEnded(stateOf(found))) {
      found = await actOnTuningJob(place, id, "cancel");
      seen = observe(seen, stateOf(found), Date.now());
    }
    const state = { text: toUserText(found), files: await filesOf(place, found), terms: { ...terms, seen } };
    if (!hasEnded(stateOf(found))) return state;
    return { ...state, ended: await endOf(place, job, found, { before, seen }) };
  },
  longestPauseMs: (job) => (termsOf(job).pricedBy === "time" ? TIMED_PAUSE_MS : undefined),
  async cancel(place, id) {
    await ifPresent(actOnTuningJob(place, id, "cancel"), TOO_LATE);
  },
};

const termsOf = ({ terms }: Job) => terms as TrainingTerms;

const mustEnd = (terms: TrainingTerms, { trainingMs }: Seen) =>
  terms.pricedBy === "time" && trainingMs >= terms.maxTrainingMs;

const stateOf = ({ status, trained_tokens: trained, finished_at: finished }: TuningJob): TrainingState => ({
  status,
  trainedTokens: trained ?? undefined,
  finishedAt: finished ? finished * 1000 : undefined,
});

async function endOf(
  place: JobPlace,
  job: Job,
  found: TuningJob,
  sightings: { before: Seen; seen: Seen },
): Promise<JobEnd> {
  const { charge, excess = NO_AMOUNTS } = costOfTraining(termsOf(job), stateOf(found), sightings);
  if (excess.tokens > 0 || excess.nanoUsd > 0) {
    console.error(JSON.stringify({ event: "bound_exceeded", model: job.snapshot, bound: charge, excess }));
  }
  const checkpoints = (await ifPresent(checkpointModels(place, found.id))) ?? [];
  const models = new Set([found.fine_tuned_model ?? [], checkpoints].flat());
  return { charge, excess, models: [...models].filter((name) => v.is(ModelName, name)) };
}

/** The files that a job has written, with what the provider tells of them. */
const filesOf = (place: JobPlace, { result_files: ids }: TuningJob): Promise<JobFile[]> =>
  Promise.all(
    ids.filter(isFileId).map(async (id) => {
      const { bytes = 0, filename = id } = (await ifPresent(getProviderFile(place, id))) ?? {};
      return { id, purpose: "fine-tune-results", bytes, filename };
    }),
  );

/** Resolves to undefined when the provider answers with 404, or with one of `statuses`. */
const ifPresent = <Result>(request: Promise<Result>, statuses = [404]) =>
  request.catch((error: unknown) => {
    if (error instanceof ApiError && statuses.includes(statusOf(error))) return undefined;
    throw error;
  });
