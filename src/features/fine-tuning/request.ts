// The schema of POST /v1/fine_tuning/jobs, and the method of a request.

import * as v from "valibot";
import { MAX_MODEL_NAME_LENGTH } from "../../core/catalog/card.ts";
import { apiError } from "../../core/errors.ts";
import { mapOf, textUpTo } from "../../core/http/bounded-schemas.ts";
import { validate } from "../../core/http/json-body.ts";
import { JobMetadata } from "../files-batch/job-stamp.ts";

const autoOr = <Schema extends v.GenericSchema<number>>(number: Schema) =>
  v.nullish(v.union([v.literal("auto"), number]));
const whole = (most: number) => v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(most));

// OpenAI's bounds.
const SHARED = {
  n_epochs: autoOr(whole(50)),
  batch_size: autoOr(whole(256)),
  learning_rate_multiplier: autoOr(v.pipe(v.number(), v.gtValue(0))),
};
const Hyperparameters = v.strictObject(SHARED);
const DpoHyperparameters = v.strictObject({
  ...SHARED,
  beta: autoOr(v.pipe(v.number(), v.gtValue(0), v.maxValue(2))),
});

const Method = v.variant("type", [
  v.strictObject({
    type: v.literal("supervised"),
    supervised: v.nullish(v.strictObject({ hyperparameters: v.nullish(Hyperparameters) })),
  }),
  v.strictObject({
    type: v.literal("dpo"),
    dpo: v.nullish(v.strictObject({ hyperparameters: v.nullish(DpoHyperparameters) })),
  }),
  /** ReinforcementRequest checks the rest, where the catalog allows the method. */
  v.strictObject({ type: v.literal("reinforcement"), reinforcement: v.nullish(v.looseObject({})) }),
]);

const FileId = v.pipe(textUpTo(200), v.minLength(1));

export const TuningRequest = v.strictObject({
  model: v.pipe(v.string(), v.maxLength(MAX_MODEL_NAME_LENGTH)),
  training_file: FileId,
  validation_file: v.nullish(FileId),
  /** It becomes a part of the model's name. */
  suffix: v.nullish(v.pipe(v.string(), v.regex(/^[\w.-]{1,64}$/, "must be 1 to 64 letters, digits, '.', '_' or '-'"))),
  seed: v.nullish(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(2_147_483_647))),
  method: v.nullish(Method),
  /** OpenAI's older field for a supervised job. */
  hyperparameters: v.nullish(Hyperparameters),
  integrations: v.nullish(v.pipe(v.array(v.unknown()), v.maxLength(0, "must be empty: integrations are not offered"))),
  metadata: v.nullish(JobMetadata),
});

export type TuningRequest = v.InferOutput<typeof TuningRequest>;

/** A method that is priced by training tokens. */
export interface TokenMethod {
  type: "supervised" | "dpo";
  hyperparameters: v.InferOutput<typeof DpoHyperparameters>;
  /** The field with the hyperparameters, for errors. */
  param: string;
}

export type TrainingMethod = TokenMethod | { type: "reinforcement" };

/** Returns the method of a request. Throws 400 for a request that names its hyperparameters twice. */
export function methodOf({ method, hyperparameters }: TuningRequest): TrainingMethod {
  if (method && hyperparameters) {
    const message = "'hyperparameters' cannot be combined with 'method'. Write them into 'method'.";
    throw apiError("invalid_request", message, { param: "hyperparameters" });
  }
  switch (method?.type) {
    case "reinforcement":
      return { type: "reinforcement" };
    case "dpo":
      return { type: "dpo", hyperparameters: method.dpo?.hyperparameters ?? {}, param: "method.dpo.hyperparameters" };
    case "supervised": {
      const given = method.supervised?.hyperparameters ?? {};
      return { type: "supervised", hyperparameters: given, param: "method.supervised.hyperparameters" };
    }
    case undefined:
      return { type: "supervised", hyperparameters: hyperparameters ?? {}, param: "hyperparameters" };
  }
}

/** Graders that call no model, so they cost only the time of the training. */
const FREE_GRADERS = ["string_check", "text_similarity", "python"] as const;
const MODEL_GRADERS = `must be one of ${FREE_GRADERS.join(", ")}, or multi with these: other graders cost tokens without a bound`;

const FreeGrader = v.looseObject({ type: v.picklist(FREE_GRADERS, MODEL_GRADERS) });
const MultiGrader = v.looseObject({ type: v.literal("multi"), graders: mapOf(FreeGrader, 32) });
const Grader = v.lazy((given) => ((given as { type?: unknown } | null)?.type === "multi" ? MultiGrader : FreeGrader));

const ReinforcementRequest = v.object({
  method: v.strictObject({
    type: v.literal("reinforcement"),
    reinforcement: v.strictObject({ grader: Grader, hyperparameters: v.nullish(v.looseObject({})) }),
  }),
});

/** Returns the method of a reinforcement job. Throws 400 for a grader that calls a model. */
export const requireFreeGraders = (request: TuningRequest): object => validate(ReinforcementRequest, request).method;
