// The emulated judge: answers requests for JSON with a schema named `verdict`.
// A text breaks a rule when it contains the rule's name after `emulate-` (block) or `emulate-review-` (review).
// The verdict is the text of a script, so that it is delivered like any other answer.
import { isObject } from "../kernel/body.ts";
import { tokenize } from "../kernel/generation/tokens.ts";
import type { OutputFormat } from "../kernel/request/output-format.ts";
import type { Script, ScriptedText } from "../kernel/script.ts";
import { readJudgedText } from "./judged-text.ts";

const FORMAT_NAME = "verdict";

interface VerdictEntry {
  name: string;
  action: string;
  quote: string;
  why: string;
}

/** Words in the judged text that make the judge itself fail. */
const faults: [word: string, script: (entries: VerdictEntry[]) => Script][] = [
  ["emulate-judge-fails", () => ({ status: 500 })],
  ["emulate-judge-refuses", () => ({ refuse: "I'm sorry, but I can't assist with that request." })],
  ["emulate-judge-babbles", () => ({ text: "Well, that depends on how one sees it. Rivers run over low walls, too." })],
  ["emulate-judge-truncates", truncate],
  ["emulate-judge-invents", (entries) => ({ text: toJson(invent(entries)) })],
];

/** Returns a script with the verdict on a text, or undefined when the format does not ask for one. */
export function readJudgeScript(text: string, format: OutputFormat): ScriptedText | undefined {
  const names = readRuleNames(format);
  if (!names) return undefined;
  const { text: question, delayMs } = readJudgedText(text);
  return { script: { first_ms: delayMs, ...writeVerdict(names, question) }, question };
}

function readRuleNames(format: OutputFormat): string[] | undefined {
  if (format.type !== "json_schema" || format.name !== FORMAT_NAME) return undefined;
  let place: unknown = format.schema;
  for (const step of ["properties", "rules", "items", "properties", "name", "enum"]) {
    place = isObject(place) ? place[step] : undefined;
  }
  return Array.isArray(place) ? place.map(String) : undefined;
}

function writeVerdict(names: string[], text: string): Script {
  const entries = names.map((name) => judgeRule(name, text));
  const fault = faults.find(([word]) => text.toLowerCase().includes(word));
  return fault ? fault[1](entries) : { text: toJson(entries) };
}

function judgeRule(name: string, text: string): VerdictEntry {
  const blocked = findWord(`emulate-${name}`, text);
  const reviewed = findWord(`emulate-review-${name}`, text);
  const quote = blocked ?? reviewed;
  if (quote === undefined) return { name, action: "allow", quote: "", why: "Nothing in the text breaks this rule." };
  return { name, action: blocked === undefined ? "review" : "block", quote, why: `The text contains "${quote}".` };
}

/** Finds a whole word: `emulate-spam-links` does not contain `emulate-spam`. Returns it as the text spells it. */
function findWord(word: string, text: string): string | undefined {
  return new RegExp(`${RegExp.escape(word)}(?!-?\\w)`, "i").exec(text)?.[0];
}

/** Half of the verdict, as if it had reached the output limit. */
function truncate(entries: VerdictEntry[]): Script {
  const text = toJson(entries);
  return { text, length_after: Math.floor(tokenize(text).length / 2) };
}

/** Adds an unknown rule, and gives the first rule an unknown action. */
function invent([first, ...others]: VerdictEntry[]): VerdictEntry[] {
  const invented = { name: "emulated-invention", action: "block", quote: "", why: "The judge made this rule up." };
  return [...(first ? [{ ...first, action: "punish" }] : []), ...others, invented];
}

function toJson(rules: VerdictEntry[]): string {
  return JSON.stringify({ rules });
}
