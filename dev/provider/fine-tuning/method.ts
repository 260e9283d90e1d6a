// The method of a fine-tuning job and its hyperparameters.
import { isObject, type JsonObject, readInteger, readString, refuseUnknown } from "../kernel/body.ts";
import type { Card } from "../kernel/catalog.ts";
import { invalidRequest, invalidType, invalidValue, missingParameter } from "../kernel/errors.ts";

export type MethodType = "supervised" | "dpo" | "reinforcement";

const TYPES: MethodType[] = ["supervised", "dpo", "reinforcement"];
const COMMON = ["n_epochs", "batch_size", "learning_rate_multiplier"];
const HYPERPARAMETERS: Record<MethodType, string[]> = {
  supervised: COMMON,
  dpo: [...COMMON, "beta"],
  reinforcement: [...COMMON, "compute_multiplier", "eval_interval", "eval_samples", "reasoning_effort"],
};
const AUTO_EPOCHS = 3;
const MAX_EPOCHS = 50;
const MAX_BATCH_SIZE = 256;

export interface Method {
  type: MethodType;
  epochs: number;
  /** The method on the wire, with `auto` replaced in its hyperparameters. */
  wire: JsonObject;
  hyperparameters: JsonObject;
}

/** Reads the method of a body. Throws OpenAI's 400 for an invalid one, and for one that the model does not have. */
export function readMethod(body: JsonObject, model: string, card: Card): Method {
  const method = body["method"] ?? { type: "supervised", supervised: { hyperparameters: body["hyperparameters"] } };
  if (!isObject(method)) throw invalidType("method", "an object", method);
  refuseUnknown(method, new Set(["type", ...TYPES]), "method.");
  const name = readString(method, "type", "method.type");
  const type = TYPES.find((known) => known === name);
  if (type === undefined) throw invalidValue("method.type", name, TYPES);
  // Models that reason have one method, and the others do not have it. An invented model has all.
  const isReasoning = card.reasoning !== undefined;
  const isInvented = Object.keys(card.snapshots).length === 0;
  if (!isInvented && isReasoning !== (type === "reinforcement")) {
    throw invalidRequest(`The model ${model} does not support the method ${type}.`, "method.type", "invalid_value");
  }
  const details = method[type] ?? {};
  const path = `method.${type}`;
  if (!isObject(details)) throw invalidType(path, "an object", details);
  if (type === "reinforcement" && !isObject(details["grader"])) throw missingParameter(`${path}.grader`);
  const asked = details["hyperparameters"] ?? {};
  if (!isObject(asked)) throw invalidType(`${path}.hyperparameters`, "an object", asked);
  refuseUnknown(asked, new Set(HYPERPARAMETERS[type]), `${path}.hyperparameters.`);
  const epochs = readCount(asked, "n_epochs", MAX_EPOCHS) ?? AUTO_EPOCHS;
  const batchSize = readCount(asked, "batch_size", MAX_BATCH_SIZE) ?? 1;
  const { learning_rate_multiplier: rate = "auto" } = asked;
  if (rate !== "auto" && (typeof rate !== "number" || rate <= 0)) {
    throw invalidType("learning_rate_multiplier", "a positive number or 'auto'", rate);
  }
  const multiplier = rate === "auto" ? 1.8 : rate;
  const hyperparameters = { ...asked, n_epochs: epochs, batch_size: batchSize, learning_rate_multiplier: multiplier };
  return { type, epochs, wire: { type, [type]: { ...details, hyperparameters } }, hyperparameters };
}

/** Reads a count or `auto`, which means `undefined`. */
function readCount(asked: JsonObject, name: string, maximum: number): number | undefined {
  return asked[name] === "auto" ? undefined : readInteger(asked, name, maximum);
}
