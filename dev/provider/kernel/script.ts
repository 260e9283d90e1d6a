// The line by which a caller scripts pace and faults: `emulate {...}`, the first line of the last user message. The
// table of its keys is here; what they do is done where answers are made and sent.
import { invalidRequest, ProviderError, quotedList } from "./errors.ts";
import { isObject } from "./body.ts";

export const LONGEST_MS = 60_000;
const MOST_TOKENS = 200_000;
const MOST_CALLS = 100;

const PREFIX = "emulate ";
const SCRIPT_LINES = /(?<![^\n])emulate \{[^\n]*\n?/g;

// Each of them says what to answer.
const EXCLUSIVE = ["tokens", "text", "refuse"];

export interface Script {
  /** Exactly that many visible tokens of filler. */
  tokens?: number;
  /** Exactly this text. */
  text?: string;
  /** Exactly this text, as a refusal. */
  refuse?: string;
  /** Between two tokens. */
  delay_ms?: number;
  /** Before the head of the response. */
  first_ms?: number;
  /** Fail with this status. */
  status?: number;
  /** Seconds, with `status`. */
  retry_after?: number;
  /** Cut the connection after that many tokens. */
  cut_after?: number;
  /** Send an error frame after that many tokens and end. */
  error_after?: number;
  /** Responses: the error frame is flat, as the specification has it, and not nested, as it was recorded. */
  flat_error?: boolean;
  /** Send nothing more after that many tokens, and stay connected. */
  stall_after?: number;
  /** End as if the output limit came after that many visible tokens. */
  length_after?: number;
  /** Never send usage. */
  no_usage?: boolean;
  /** That many reasoning tokens, whatever the effort. */
  reasoning?: number;
  /** Deliver the bytes in pieces of that many. */
  split?: number;
  /** Responses: search the web that often when the tool is offered; once when absent, and at most `max_tool_calls`. */
  tool_calls?: number;
  /** Whoever judges the text takes so long before it answers; it changes nothing for who answers the text. */
  moderation_ms?: number;
  /** The classifier fails with this status; it changes nothing for who answers the text. */
  moderation_status?: number;
}

type Rule = { minimum: number; maximum: number } | "boolean" | "string";

const rules: Record<keyof Script, Rule> = {
  tokens: { minimum: 0, maximum: MOST_TOKENS },
  text: "string",
  refuse: "string",
  delay_ms: { minimum: 0, maximum: LONGEST_MS },
  first_ms: { minimum: 0, maximum: LONGEST_MS },
  status: { minimum: 400, maximum: 599 },
  retry_after: { minimum: 0, maximum: 86_400 },
  cut_after: { minimum: 0, maximum: MOST_TOKENS },
  error_after: { minimum: 0, maximum: MOST_TOKENS },
  flat_error: "boolean",
  stall_after: { minimum: 0, maximum: MOST_TOKENS },
  length_after: { minimum: 0, maximum: MOST_TOKENS },
  no_usage: "boolean",
  reasoning: { minimum: 0, maximum: MOST_TOKENS },
  split: { minimum: 1, maximum: 1_048_576 },
  tool_calls: { minimum: 0, maximum: MOST_CALLS },
  moderation_ms: { minimum: 0, maximum: LONGEST_MS },
  moderation_status: { minimum: 400, maximum: 599 },
};

/**
 * Takes the script off a text: what is left is the question. Without a script, tokens are `paceMs` apart. Throws a 400
 * that names the fault of a wrong script, and `param` as its place.
 */
export function splitScript(text: string, paceMs: number, param: string): { script: Script; question: string } {
  if (!text.startsWith("emulate {")) return { script: { delay_ms: paceMs }, question: text };
  const end = text.indexOf("\n");
  const line = end < 0 ? text : text.slice(0, end);
  return { script: parseScript(line.slice(PREFIX.length), param), question: end < 0 ? "" : text.slice(end + 1) };
}

/**
 * Takes every line off a text that is a script, wherever it is, since what is judged may stand in a frame or be several
 * messages. A script with a fault goes too, and is left out of the scripts: only who answers the text refuses it.
 */
export function dropScripts(text: string): { scripts: Script[]; rest: string } {
  const scripts: Script[] = [];
  const rest = text.replaceAll(SCRIPT_LINES, (line) => {
    try {
      scripts.push(parseScript(line.slice(PREFIX.length), null));
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
    }
    return "";
  });
  return { scripts, rest };
}

function parseScript(json: string, param: string | null): Script {
  const faulty = (reason: string) =>
    invalidRequest(`The emulate script is not valid: ${reason}.`, param, "invalid_value");
  let script: unknown;
  try {
    script = JSON.parse(json);
  } catch (error) {
    throw faulty(error instanceof Error ? error.message : "it is not JSON");
  }
  if (!isObject(script)) throw faulty("it is not an object");
  for (const [key, value] of Object.entries(script)) {
    if (!Object.hasOwn(rules, key)) throw faulty(`there is no '${key}'; there is ${Object.keys(rules).join(", ")}`);
    const fault = findFault(key, value, rules[key as keyof Script]);
    if (fault) throw faulty(fault);
  }
  const answers = EXCLUSIVE.filter((key) => key in script);
  if (answers.length > 1) throw faulty(`${quotedList(answers)} exclude each other`);
  return script;
}

function findFault(key: string, value: unknown, rule: Rule): string | undefined {
  if (typeof rule === "string") return typeof value === rule ? undefined : `'${key}' must be a ${rule}`;
  const fits = Number.isInteger(value) && Number(value) >= rule.minimum && Number(value) <= rule.maximum;
  return fits ? undefined : `'${key}' must be an integer from ${rule.minimum} to ${rule.maximum}`;
}
