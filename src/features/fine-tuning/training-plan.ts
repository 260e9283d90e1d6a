// The method of a job as it is sent, with its bound and the terms that settle it. Pure.

import type { Model } from "../../core/catalog/resolve.ts";
import { apiError } from "../../core/errors.ts";
import type { FineTuning } from "./catalog.ts";
import type { TokenMethod, TrainingMethod, TuningRequest } from "./request.ts";
import { requireFreeGraders } from "./request.ts";
import type { ExamplesSize } from "./training-bound.ts";
import { epochsOf, timeBound, tokenBound } from "./training-bound.ts";
import type { TrainingTerms } from "./training-cost.ts";

interface TrainingPlan {
  /** The field `method` for the provider. */
  method: object;
  terms: TrainingTerms;
  /** Headers of the answer. */
  headers: Record<string, string>;
}

/** Returns how the job is planned once its files are known. Throws 400 for a method that the card does not offer. */
export function prepareTraining(
  request: TuningRequest,
  method: TrainingMethod,
  model: Model,
  facts: FineTuning,
): (files: ExamplesSize[]) => TrainingPlan {
  if (method.type === "reinforcement") {
    const plan = timedPlan(request, model, facts);
    return () => plan;
  }
  requireMethod(method.type, model, facts);
  const epochs = epochsOf(method, facts);
  return (files) => tokenPlan(files, method, epochs, model);
}

function tokenPlan(
  files: ExamplesSize[],
  { type, hyperparameters }: TokenMethod,
  epochs: number,
  { card }: Model,
): TrainingPlan {
  const given = Object.entries(hyperparameters).filter(([, value]) => value !== null && value !== undefined);
  const sent = { ...Object.fromEntries(given), n_epochs: epochs };
  const bound = tokenBound(files, { type, epochs }, card);
  return {
    method: { type, [type]: { hyperparameters: sent } },
    terms: { pricedBy: "tokens", usdPerMillion: card.prices?.million_training_tokens ?? 0, bound },
    headers: hyperparameters.n_epochs === epochs ? {} : { "weir-n-epochs": String(epochs) },
  };
}

function timedPlan(request: TuningRequest, { id }: Model, { reinforcement }: FineTuning): TrainingPlan {
  if (!reinforcement) {
    const reason = "Reinforcement fine-tuning is billed by the hour, and no field of a request limits the hours.";
    const message = `${reason} Operators can state a ceiling in the catalog: cards.${id}.fine_tuning.reinforcement.`;
    throw apiError("unsupported_value", message, { param: "method.type" });
  }
  const method = requireFreeGraders(request);
  const { max_training_seconds: seconds, usd_per_hour: usdPerHour } = reinforcement;
  const bound = timeBound(reinforcement);
  return { method, terms: { pricedBy: "time", usdPerHour, maxTrainingMs: seconds * 1000, bound }, headers: {} };
}

function requireMethod(type: TokenMethod["type"], { id }: Model, { methods }: FineTuning): void {
  if (methods.includes(type)) return;
  const offered = methods.length > 0 ? `Use one of: ${methods.join(", ")}.` : "Name another model.";
  throw apiError("unsupported_value", `'${id}' cannot be trained by the method '${type}'. ${offered}`, {
    param: "method.type",
  });
}
