// What the emulated model says, in tokens: what the script says, JSON for a schema, or sentences. It does not know which
// endpoint asked.
import { answerQuestion, answerToolResult } from "./sentences.ts";
import { valueForSchema } from "./json-value.ts";
import type { OutputFormat } from "../request/output-format.ts";
import { likelyValues } from "./question.ts";
import type { Script } from "../script.ts";
import { fillerTokens, tokenize } from "./tokens.ts";

export interface Asked {
  question: string;
  format: OutputFormat;
  images: number;
  /** What a tool answered, when nothing came after it. */
  toolResult: string | undefined;
}

/** Whether the script says what to say, so that no tool is called. */
export function isScripted(script: Script): boolean {
  return script.tokens !== undefined || script.text !== undefined || script.refuse !== undefined;
}

/** The tokens of the reply. `seed` tells several replies to one question apart. */
export function makeReply(asked: Asked, script: Script, seed = 0): string[] {
  if (script.tokens !== undefined) return fillerTokens(script.tokens);
  return tokenize(script.refuse ?? script.text ?? makeText(asked, seed));
}

function makeText({ question, format, images, toolResult }: Asked, seed: number): string {
  if (format.type === "json_schema") return JSON.stringify(valueForSchema(format.schema, likelyValues(question)));
  const sentences =
    toolResult === undefined ? answerQuestion(question, images, seed) : answerToolResult(toolResult, seed);
  return format.type === "json_object" ? JSON.stringify({ answer: sentences, emulated: true }) : sentences;
}
