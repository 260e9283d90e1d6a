// The validation of a training file, as OpenAI does it after the creation of a job, and its tokens.
import type { Content } from "../files-batch/content.ts";
import { linesOf, parseLine, readText } from "../files-batch/jsonl.ts";
import type { JsonObject } from "../kernel/body.ts";
import { countTokens } from "../kernel/generation/tokens.ts";
import type { MethodType } from "./method.ts";

const MIN_EXAMPLES = 10;
/** Each example has the fields of one of these lists. */
const FIELDS: Record<MethodType, string[][]> = {
  supervised: [["messages"], ["prompt", "completion"]],
  dpo: [["input", "preferred_output", "non_preferred_output"]],
  reinforcement: [["messages"]],
};

export interface JobError {
  code: string;
  message: string;
  param: string | null;
}

export interface TrainingFile {
  examples: number;
  /** Never more than the bytes of the file. */
  tokens: number;
  error: JobError | undefined;
}

/** Reads a training or a validation file. `param` is the field that names it. */
export function readTrainingFile(content: Content, method: MethodType, param: string): TrainingFile {
  let [examples, tokens] = [0, 0];
  let error: JobError | undefined;
  for (const place of linesOf(content)) {
    const example = parseLine(content, place);
    if (!example || !FIELDS[method].some((fields) => hasAll(example, fields))) {
      const message = `Invalid file format. Line ${place.number} is not an example for the method ${method}.`;
      error ??= { code: "invalid_file_format", message, param };
    }
    examples++;
    tokens += countTokens(readText(content, place));
  }
  if (param === "training_file" && examples < MIN_EXAMPLES) {
    const message = `Training file has ${examples} example(s), but must have at least ${MIN_EXAMPLES} examples`;
    error ??= { code: "invalid_n_examples", message, param };
  }
  return { examples, tokens, error };
}

const hasAll = (example: JsonObject, fields: string[]) => fields.every((field) => example[field] !== undefined);
