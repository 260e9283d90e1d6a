// Jobs: work that goes on at a provider for hours, such as a batch. A feature describes its kind of job with this.

import type { Amounts } from "../catalog/quota-window.ts";
import type { Provider } from "../catalog/schema.ts";
import type { Bindings } from "../env.ts";

/** A job as its kind reads it. */
export interface Job {
  /** The key of its reservation. The kind writes it into the provider's object, so that `find` can find it. */
  key: string;
  /** The name of its user's objects. */
  owner: string;
  /** The model that it was created with. */
  snapshot: string;
  /** Epoch ms. */
  createdAt: number;
  /** What the kind needs to settle it, such as prices, and what earlier checks have seen. */
  terms: object;
}

/** Where a job runs. */
export interface JobPlace {
  env: Bindings;
  provider: Provider;
  signal: AbortSignal;
}

/** A file that a job has written. It belongs to the job's user. */
export interface JobFile {
  id: string;
  purpose: string;
  bytes?: number;
  filename?: string;
}

/** The state of a job at its provider. */
export interface JobState {
  /** The provider's object, as JSON text for the user. */
  text: string;
  /** Files that it has written so far. */
  files: JobFile[];
  /** Present when the job has ended. Nothing else is charged after that. */
  ended?: JobEnd | undefined;
  /** The job's terms from now on, where the check has seen something that a later one needs. */
  terms?: object;
  /** Checks the job again after this time (ms), where the usual time would be too long. */
  nextCheckMs?: number;
}

/** The cost of an ended job, and what it made. */
export interface JobEnd {
  charge: Amounts;
  /** The part of the cost above the bound, where the bound rests on a formula. */
  excess?: Amounts;
  /** Models that only the job's user may call. */
  models?: string[];
}

/** One kind of job. Its functions throw an ApiError when the provider fails. */
export interface JobKind {
  /** In stored jobs and reservations: never change it. */
  name: string;
  /** Returns the id of a job whose creation was not confirmed; undefined when the provider has no such job. */
  find(place: JobPlace, job: Job): Promise<string | undefined>;
  /** Reads the state of a job. */
  check(place: JobPlace, job: Job, id: string): Promise<JobState>;
  /** Returns the longest time between two checks (ms), also when checks fail. Undefined: the usual time. */
  longestPauseMs?(job: Job): number | undefined;
  /** Cancels a job, because its user is deleted. */
  cancel(place: JobPlace, id: string): Promise<void>;
}
