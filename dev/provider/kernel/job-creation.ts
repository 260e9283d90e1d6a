// The request that creates a job: its metadata, and the script in `metadata.emulate`.
import type { Context } from "hono";
import { isObject, type JsonObject } from "./body.ts";
import { callerLeft, sendWhole } from "./delivery/delivery.ts";
import { pause } from "./delivery/pause.ts";
import type { Env } from "./env.ts";
import { invalidRequest, invalidType } from "./errors.ts";
import { createFault } from "./faults.ts";
import { KERNEL_SCRIPT_RULES, parseScript, type Script, type ScriptRule } from "./script.ts";

const MAX_PAIRS = 16;
const MAX_KEY_LENGTH = 64;
const MAX_VALUE_LENGTH = 512;
const SCRIPT_KEY = "emulate";

/**
 * The faults of the creation. `status` and `retry_after` refuse it. The other keys apply to the response, when the job
 * exists: a pause, and with 0 a cut or a response that never comes.
 */
export type CreationScript = Pick<Script, "status" | "retry_after" | "first_ms" | "cut_after" | "stall_after">;

const { status, retry_after, first_ms, cut_after, stall_after } = KERNEL_SCRIPT_RULES;
const CREATION_RULES = { status, retry_after, first_ms, cut_after, stall_after };

export type Metadata = Record<string, string>;

/** Reads the metadata of a body; null when it has none. Throws OpenAI's 400 for pairs beyond its limits. */
export function readMetadata(body: JsonObject): Metadata | null {
  const metadata = body["metadata"] ?? null;
  if (metadata === null) return null;
  if (!isObject(metadata)) throw invalidType("metadata", "an object", metadata);
  const pairs = Object.entries(metadata);
  if (pairs.length > MAX_PAIRS) {
    const fault = `too many properties. Expected an object with at most ${MAX_PAIRS} properties`;
    const message = `Invalid 'metadata': ${fault}, but got an object with ${pairs.length} properties instead.`;
    throw invalidRequest(message, "metadata", "object_above_max_properties");
  }
  for (const [key, value] of pairs) {
    if (typeof value !== "string") throw invalidType(`metadata.${key}`, "a string", value);
    requireLength("metadata", key, MAX_KEY_LENGTH);
    requireLength(`metadata.${key}`, value, MAX_VALUE_LENGTH);
  }
  return metadata as Metadata;
}

/** Reads the script of a job. Throws a 400 for an invalid one. */
export function readJobScript<JobScript extends object>(
  metadata: Metadata | null,
  rules: Record<keyof JobScript, ScriptRule>,
): JobScript & CreationScript {
  const json = metadata?.[SCRIPT_KEY] ?? "{}";
  const known = { ...CREATION_RULES, ...rules } as Record<keyof (JobScript & CreationScript), ScriptRule>;
  return parseScript<JobScript & CreationScript>(json, known, `metadata.${SCRIPT_KEY}`);
}

/** Creates a job unless the script refuses it, and sends the object. */
export async function sendCreated(c: Context<Env>, script: CreationScript, create: () => object): Promise<Response> {
  if (script.status !== undefined) throw createFault(script.status, script.retry_after);
  const created = create();
  if (!(await pause(script.first_ms ?? 0, c.var.exchange.signal))) return callerLeft();
  return sendWhole(c, created, 0, script);
}

function requireLength(path: string, text: string, maximum: number): void {
  if (text.length <= maximum) return;
  const fault = `string too long. Expected a string with maximum length ${maximum}`;
  const message = `Invalid '${path}': ${fault}, but got a string with length ${text.length} instead.`;
  throw invalidRequest(message, path, "string_above_max_length");
}
