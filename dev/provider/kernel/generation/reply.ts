// Generates the tokens of a reply: a scripted text, JSON, or sentences.
import type { OutputFormat } from "../request/output-format.ts";
import type { Script } from "../script.ts";
import { valueForSchema } from "./json-value.ts";
import { likelyValues } from "./question.ts";
import { answerQuestion, answerToolResult } from "./sentences.ts";
import { fillerTokens, tokenize } from "./tokens.ts";

export interface ReplyRequest {
  question: string;
  format: OutputFormat;
  images: number;
  /** The tool result, when it is the last item of the request. */
  toolResult: string | undefined;
}

/** True when the script sets the text of the answer, so that no tool is called. */
export function isScripted(script: Script): boolean {
  return script.tokens !== undefined || script.text !== undefined || script.refuse !== undefined;
}

/** Generates the tokens of a reply. A different `seed` gives a different reply. */
export function makeReply(request: ReplyRequest, script: Script, seed = 0): string[] {
  if (script.tokens !== undefined) return fillerTokens(script.tokens);
  return tokenize(script.refuse ?? script.text ?? makeText(request, seed));
}

function makeText({ question, format, images, toolResult }: ReplyRequest, seed: number): string {
  if (format.type === "json_schema") return JSON.stringify(valueForSchema(format.schema, likelyValues(question)));
  const sentences =
    toolResult === undefined ? answerQuestion(question, images, seed) : answerToolResult(toolResult, seed);
  return format.type === "json_object" ? JSON.stringify({ answer: sentences, emulated: true }) : sentences;
}
