// The script of a fine-tuning job: keys in `metadata.emulate`.
import type { ScriptRule } from "../kernel/script.ts";

export interface TrainingScript {
  /** Seconds until the job has succeeded. The first fifth passes before the training. */
  job_seconds?: number;
  job_fails?: "before training" | "while training";
  /** A job that fails or is cancelled while it trains has the tokens of the part that was trained. */
  partial_tokens?: boolean;
  /** OpenAI takes no new jobs, as from 2027-01-06 on. */
  closed?: boolean;
}

export const TRAINING_SCRIPT_RULES: Record<keyof TrainingScript, ScriptRule> = {
  job_seconds: { minimum: 0, maximum: 86_400, isFraction: true },
  job_fails: { oneOf: ["before training", "while training"] },
  partial_tokens: "boolean",
  closed: "boolean",
};
