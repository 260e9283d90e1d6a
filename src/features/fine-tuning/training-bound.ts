// The most that a job can cost, and the epochs that it is sent with. Pure.

import type { ModelCard } from "../../core/catalog/card.ts";
import { apiError } from "../../core/errors.ts";
import { costOfUnits } from "../../core/quota/price.ts";
import type { StoredFile } from "../files-batch/stored-files.ts";
import type { TrainingFacts } from "../files-batch/training-scan.ts";
import type { FineTuning } from "./catalog.ts";
import type { TokenMethod, TrainingMethod } from "./request.ts";

export interface TrainingBound {
  tokens: number;
  nanoUsd: number;
}

const NANO_PER_USD = 1e9;
const SECONDS_PER_HOUR = 3600;

/** A job that is priced by time is checked this often. */
export const TIMED_PAUSE_MS = 60_000;

/** A job can train on after its ceiling until the next check, and while that check runs. */
const OVERRUN_SECONDS = (2 * TIMED_PAUSE_MS) / 1000;

/**
 * Returns the epochs of a job: those of the request, or else the card's `max_epochs`. OpenAI documents no maximum of
 * `auto`. Throws 400 when the request has more than the card.
 */
export function epochsOf({ hyperparameters, param }: TokenMethod, { max_epochs }: FineTuning): number {
  const { n_epochs: requested } = hyperparameters;
  if (typeof requested !== "number") return max_epochs;
  if (requested <= max_epochs) return requested;
  const message = `'n_epochs' can be at most ${max_epochs} for this model.`;
  throw apiError("unsupported_value", message, { param: `${param}.n_epochs` });
}

/** The size of a file of examples. */
export interface ExamplesSize {
  bytes: number;
  images: number;
}

/**
 * Returns the bound of a job that is priced by tokens. A token has at least one byte. A preference pair is read with
 * each of its two answers, so it counts twice. OpenAI does not document if it bills validation, so it counts too.
 */
export function tokenBound(
  files: ExamplesSize[],
  { type, epochs }: { type: TokenMethod["type"]; epochs: number },
  card: ModelCard,
): TrainingBound {
  const once = files.reduce((sum, { bytes, images }) => sum + bytes + images * (card.image_tokens ?? 0), 0);
  const tokens = once * epochs * (type === "dpo" ? 2 : 1);
  return { tokens, nanoUsd: costOfUnits({ trainingTokens: tokens }, card.prices) };
}

/** Returns the bound of a job that is cancelled at its ceiling. It has no tokens, only a price of its time. */
export function timeBound(reinforcement: NonNullable<FineTuning["reinforcement"]>): TrainingBound {
  return {
    tokens: 0,
    nanoUsd: timeCost(reinforcement.max_training_seconds + OVERRUN_SECONDS, reinforcement.usd_per_hour),
  };
}

/** Returns the price of training time in nano-dollars, rounded up. */
export const timeCost = (seconds: number, usdPerHour: number): number =>
  Math.ceil((seconds * usdPerHour * NANO_PER_USD) / SECONDS_PER_HOUR);

/** Returns the size of a file. Throws 400 for one that cannot train by the method. `param`: the field that names it. */
export function examplesOf(
  { purpose, provider, bytes, facts }: StoredFile,
  { type }: TrainingMethod,
  card: ModelCard,
  param: string,
): ExamplesSize {
  const refuse = (message: string) => apiError("unsupported_value", message, { param });
  if (purpose !== "fine-tune") {
    throw refuse(`The purpose of '${param}' is '${purpose}'. Upload it with the purpose 'fine-tune'.`);
  }
  if (facts === undefined || provider !== card.provider) {
    throw refuse(`'${param}' cannot be used with this model. Upload it again.`);
  }
  const { method, images } = JSON.parse(facts) as TrainingFacts;
  if ((method === "dpo") !== (type === "dpo")) {
    throw refuse(`The examples of '${param}' are for the method '${method}', and the method is '${type}'.`);
  }
  if (images > 0 && card.image_tokens === undefined) throw refuse(`'${param}' has images, and the model takes none.`);
  return { bytes, images };
}
