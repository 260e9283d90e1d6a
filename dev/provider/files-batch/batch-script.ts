// The script of a batch: keys in `metadata.emulate`, or in the `emulate {…}` line of the first request's text.
import { isObject, type JsonObject } from "../kernel/body.ts";
import { type ScriptRule, removeScripts } from "../kernel/script.ts";

export interface BatchScript {
  /** Seconds until the batch is complete. The lines run in the middle 80 % of this time. */
  batch_seconds?: number;
  /** Seconds from the request to cancel until the batch is cancelled. */
  cancel_seconds?: number;
  /** These lines (the first is 1) fail with a server error. */
  fail_lines?: number[];
  /** The batch expires when that many lines have run. */
  expire_after_lines?: number;
  /** The validation fails. */
  batch_fails?: boolean;
  /** The output file does not exist. */
  no_output?: boolean;
  /** The usage of the batch stays zero. */
  no_batch_usage?: boolean;
  /** The output has the order of the input. By default it has another one. */
  in_order?: boolean;
}

const SECONDS = { minimum: 0, maximum: 86_400, isFraction: true };

export const BATCH_SCRIPT_RULES: Record<keyof BatchScript, ScriptRule> = {
  batch_seconds: SECONDS,
  cancel_seconds: SECONDS,
  fail_lines: "numbers",
  expire_after_lines: { minimum: 0, maximum: 50_000 },
  batch_fails: "boolean",
  no_output: "boolean",
  no_batch_usage: "boolean",
  in_order: "boolean",
};

const isBatchKey = (key: string) => Object.hasOwn(BATCH_SCRIPT_RULES, key);

/** Moves the keys of the batch out of the scripts in a body. The routes of the lines do not know them. */
export function takeBatchScript(body: JsonObject): { script: BatchScript; body: JsonObject } {
  let script: BatchScript = {};
  const take = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(take);
    if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, take(inner)]));
    if (typeof value !== "string" || !value.startsWith("emulate {")) return value;
    const { scripts, rest } = removeScripts(value);
    const keys = scripts.flatMap((found) => Object.entries(found));
    const ofBatch = keys.filter(([key]) => isBatchKey(key));
    if (ofBatch.length === 0) return value;
    script = { ...script, ...Object.fromEntries(ofBatch) };
    const ofLine = Object.fromEntries(keys.filter(([key]) => !isBatchKey(key)));
    return `emulate ${JSON.stringify(ofLine)}\n${rest}`;
  };
  const taken = take(body);
  return { script, body: isObject(taken) ? taken : body };
}
