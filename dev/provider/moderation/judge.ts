// The emulated model as a judge: it judges when a request wants JSON for a schema named `verdict` whose entries name rules.
// A rule is broken where the last user message contains its name after `emulate-` ("block") or `emulate-review-`
// ("review"). The words of `faults` break the judge itself. A verdict is a script that the judge writes, so that it
// travels like any other answer; a script of the judged text is never executed.
import { isObject } from "../kernel/body.ts";
import { readJudgedText } from "./judged-text.ts";
import type { OutputFormat } from "../kernel/request/output-format.ts";
import { type Script, splitScript } from "../kernel/script.ts";
import { tokenize } from "../kernel/generation/tokens.ts";

const FORMAT_NAME = "verdict";

interface Entry {
  name: string;
  action: string;
  quote: string;
  why: string;
}

const faults: [word: string, script: (entries: Entry[]) => Script][] = [
  ["emulate-judge-fails", () => ({ status: 500 })],
  ["emulate-judge-refuses", () => ({ refuse: "I'm sorry, but I can't assist with that request." })],
  ["emulate-judge-babbles", () => ({ text: "Well, that depends on how one sees it. Rivers run over low walls, too." })],
  ["emulate-judge-truncates", truncate],
  ["emulate-judge-invents", (entries) => ({ text: toJson(invent(entries)) })],
];

/**
 * What to do with a text: its own script, or the judge's when the format asks for a verdict. Without a script, tokens are
 * `paceMs` apart. Throws a 400 for a wrong script, and `param` as its place.
 */
export function readScript(
  text: string,
  format: OutputFormat,
  paceMs: number,
  param: string,
): { script: Script; question: string } {
  const names = readRuleNames(format);
  if (!names) return splitScript(text, paceMs, param);
  const { text: question, delayMs } = readJudgedText(text);
  return { script: { delay_ms: paceMs, first_ms: delayMs, ...writeVerdict(names, question) }, question };
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

function judgeRule(name: string, text: string): Entry {
  const blocked = findWord(`emulate-${name}`, text);
  const reviewed = findWord(`emulate-review-${name}`, text);
  const quote = blocked ?? reviewed;
  if (quote === undefined) return { name, action: "allow", quote: "", why: "Nothing in the text breaks this rule." };
  return { name, action: blocked === undefined ? "review" : "block", quote, why: `The text contains "${quote}".` };
}

/** The word as the text has it. A longer word is another one: `emulate-spam-links` is not `emulate-spam`. */
function findWord(word: string, text: string): string | undefined {
  return new RegExp(`${RegExp.escape(word)}(?!-?\\w)`, "i").exec(text)?.[0];
}

/** Half of the verdict, as if the output limit had come there. */
function truncate(entries: Entry[]): Script {
  const text = toJson(entries);
  return { text, length_after: Math.floor(tokenize(text).length / 2) };
}

/** A rule that nobody named, and for the first rule an action that there is not. */
function invent([first, ...others]: Entry[]): Entry[] {
  const invented = { name: "emulated-invention", action: "block", quote: "", why: "The judge made this rule up." };
  return [...(first ? [{ ...first, action: "punish" }] : []), ...others, invented];
}

function toJson(rules: Entry[]): string {
  return JSON.stringify({ rules });
}
