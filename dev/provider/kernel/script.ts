// The script of a request: `emulate {…}` in the last user message's first line.
// Declares the keys that every emulation has. The delivery and the dialects carry them out; features add keys.
import { isObject, type JsonObject } from "./body.ts";
import { invalidRequest, quotedList } from "./errors.ts";

export const MAX_DELAY_MS = 60_000;
const MAX_TOKENS = 200_000;

const PREFIX = "emulate ";
const SCRIPT_LINES = /(?<![^\n])emulate \{[^\n]*\n?/g;

// Each of these keys sets the text of the answer, so a script has one of them at most.
const EXCLUSIVE_KEYS = ["tokens", "text", "refuse"];

/** A feature adds its keys with `declare module`, and their rules in `scriptRules`. */
export interface Script {
  /** Answers with exactly this many visible tokens of filler. */
  tokens?: number;
  /** Answers with exactly this text. */
  text?: string;
  /** Refuses with exactly this text. */
  refuse?: string;
  /** Pause between two tokens. */
  delay_ms?: number;
  /** Pause before the head of the response. Reasoning goes on meanwhile. */
  first_ms?: number;
  /** Pause between the head of the response and the first token. Reasoning goes on meanwhile. */
  think_ms?: number;
  /** Fails with this status. */
  status?: number;
  /** Seconds in the `retry-after` header of a failure. Needs `status`. */
  retry_after?: number;
  /** Cuts the connection after this many tokens. */
  cut_after?: number;
  /** Sends an error frame after this many tokens, and ends the stream. */
  error_after?: number;
  /** Responses: sends the error frame flat, as in the specification. By default it is nested, as in recordings. */
  flat_error?: boolean;
  /** Sends nothing more after this many tokens, and keeps the connection open. */
  stall_after?: number;
  /** Ends after this many visible tokens as if the output limit had been reached. */
  length_after?: number;
  /** Only that many requests of the same name (`emulate-bill-NAME`) have the faults of this script. */
  fault_times?: number;
  /** Continues, and bills the whole answer, after the caller has left. */
  goes_on?: boolean;
  /** Writes more than the output limit of the request. */
  over_limit?: boolean;
  /** Leaves the usage out. */
  no_usage?: boolean;
  /**
   * Chat Completions: `beside` counts reasoning beside the completion tokens, `total` sends only input and total, and
   * `early` sends usage without output in every chunk before the last.
   */
  usage?: "beside" | "total" | "early";
  /** Number of reasoning tokens, whatever the effort. */
  reasoning?: number;
  /** Delivers the body in pieces of this many bytes. */
  split?: number;
}

export type ScriptRule =
  | { minimum: number; maximum: number; isFraction?: boolean }
  | { oneOf: string[] }
  | "boolean"
  | "string"
  | "numbers";
export type ScriptRules = Partial<Record<keyof Script, ScriptRule>>;

export interface ScriptedText {
  script: Script;
  /** The text without its script. */
  question: string;
}

const TOKEN_COUNT = { minimum: 0, maximum: MAX_TOKENS };
const DELAY = { minimum: 0, maximum: MAX_DELAY_MS };

export const KERNEL_SCRIPT_RULES: ScriptRules = {
  tokens: TOKEN_COUNT,
  text: "string",
  refuse: "string",
  delay_ms: DELAY,
  first_ms: DELAY,
  think_ms: DELAY,
  status: { minimum: 400, maximum: 599 },
  retry_after: { minimum: 0, maximum: 86_400 },
  cut_after: TOKEN_COUNT,
  error_after: TOKEN_COUNT,
  flat_error: "boolean",
  stall_after: TOKEN_COUNT,
  length_after: TOKEN_COUNT,
  fault_times: { minimum: 1, maximum: 100 },
  goes_on: "boolean",
  over_limit: "boolean",
  no_usage: "boolean",
  usage: { oneOf: ["beside", "total", "early"] },
  reasoning: TOKEN_COUNT,
  split: { minimum: 1, maximum: 1_048_576 },
};

/** Splits a text into its script, if it has one, and the question. Throws a 400 for a script that is not valid. */
export function splitScript(
  text: string,
  rules: ScriptRules,
  param: string,
): { script: Script | undefined; question: string } {
  if (!text.startsWith("emulate {")) return { script: undefined, question: text };
  const end = text.indexOf("\n");
  const line = end < 0 ? text : text.slice(0, end);
  return {
    script: parseScript<Script>(line.slice(PREFIX.length), rules, param),
    question: end < 0 ? "" : text.slice(end + 1),
  };
}

/** Removes every line that is a script, wherever it stands. Returns the scripts that are JSON objects, unchecked. */
export function removeScripts(text: string): { scripts: JsonObject[]; rest: string } {
  const scripts: JsonObject[] = [];
  const rest = text.replaceAll(SCRIPT_LINES, (line) => {
    const script = parseJson(line.slice(PREFIX.length));
    if (isObject(script)) scripts.push(script);
    return "";
  });
  return { scripts, rest };
}

/** Parses a script. Throws a 400 for a key without a rule, and for a value that its rule does not allow. */
export function parseScript<Parsed extends object>(
  json: string,
  rules: Partial<Record<keyof Parsed, ScriptRule>>,
  param: string,
): Parsed {
  const invalid = (reason: string) =>
    invalidRequest(`The emulate script is not valid: ${reason}.`, param, "invalid_value");
  const script = parseJson(json);
  if (!isObject(script)) throw invalid("it is not a JSON object");
  for (const [key, value] of Object.entries(script)) {
    const rule = Object.hasOwn(rules, key) ? rules[key as keyof Parsed] : undefined;
    if (rule === undefined) throw invalid(`the key '${key}' is unknown. Known keys: ${Object.keys(rules).join(", ")}`);
    const fault = findRuleFault(key, value, rule);
    if (fault) throw invalid(fault);
  }
  const answers = EXCLUSIVE_KEYS.filter((key) => key in script);
  if (answers.length > 1) throw invalid(`${quotedList(answers)} exclude each other`);
  return script as Parsed;
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function findRuleFault(key: string, value: unknown, rule: ScriptRule): string | undefined {
  if (rule === "numbers") {
    const isList = Array.isArray(value) && value.every((entry) => Number.isInteger(entry));
    return isList ? undefined : `'${key}' must be a list of integers`;
  }
  if (typeof rule === "string") return typeof value === rule ? undefined : `'${key}' must be a ${rule}`;
  if ("oneOf" in rule) {
    return rule.oneOf.includes(String(value)) ? undefined : `'${key}' must be one of ${quotedList(rule.oneOf)}`;
  }
  const isNumber = rule.isFraction ? typeof value === "number" : Number.isInteger(value);
  if (isNumber && Number(value) >= rule.minimum && Number(value) <= rule.maximum) return undefined;
  return `'${key}' must be ${rule.isFraction ? "a number" : "an integer"} from ${rule.minimum} to ${rule.maximum}`;
}
