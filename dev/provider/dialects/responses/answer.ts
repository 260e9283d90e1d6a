// What the emulated model answers to a Responses request: reasoning, searches of the web, and then a reply or a tool call,
// in tokens, and within the output limit.
import { createId } from "../../kernel/ids.ts";
import { fitOutput } from "../../kernel/request/output-budget.ts";
import { keywords, shorten } from "../../kernel/generation/question.ts";
import { type Asked, isScripted, makeReply } from "../../kernel/generation/reply.ts";
import { isToolResult } from "./input.ts";
import type { ResponsesRequest } from "./request.ts";
import type { CallableTool } from "./tools.ts";
import type { Script } from "../../kernel/script.ts";
import { tokenize } from "../../kernel/generation/tokens.ts";
import { makeArguments, toolFor } from "../../kernel/request/tools.ts";

const LONGEST_QUERY = 80;
const LONGEST_INPUT = 200;

export interface ResponseAnswer {
  reasoning: number;
  /** What it thought, in tokens; empty when nobody asked or it did not think. */
  summary: string[];
  /** What it looked for on the web, one entry for each search. */
  searches: string[];
  kind: "text" | "refusal" | "function_call" | "custom_tool_call";
  call: { id: string; name: string } | undefined;
  /** The tokens of the text, or of the arguments when a tool is called. */
  pieces: string[];
  /** Whether the output limit took something away. */
  cut: boolean;
}

/** The answer to a question. */
export function answerResponse(request: ResponsesRequest, script: Script, question: string): ResponseAnswer {
  const tool = isScripted(script) ? undefined : toolToCall(request, question);
  const whole = tool ? tokenize(makePayload(tool, question)) : makeReply(toAsked(request, question), script);
  const { pieces, reasoning, cut } = fitOutput(whole, request, script);
  return {
    reasoning,
    summary: request.summarizes && reasoning > 0 ? tokenize(makeSummary(question)) : [],
    searches: makeSearches(request, script, question),
    kind: kindOf(tool, script),
    call: tool && { id: createId("call_", 24), name: tool.name },
    pieces,
    cut,
  };
}

function kindOf(tool: CallableTool | undefined, script: Script): ResponseAnswer["kind"] {
  if (tool) return tool.type === "function" ? "function_call" : "custom_tool_call";
  return script.refuse === undefined ? "text" : "refusal";
}

function toolToCall({ tools, toolChoice, items }: ResponsesRequest, question: string): CallableTool | undefined {
  return toolFor(tools, toolChoice, items.at(-1)?.role === "user", question);
}

function makePayload(tool: CallableTool, question: string): string {
  return tool.type === "function" ? makeArguments(tool, question) : shorten(question, LONGEST_INPUT) || "emulated";
}

function makeSearches(request: ResponsesRequest, script: Script, question: string): string[] {
  if (!request.searchesWeb || request.toolChoice === "none") return [];
  const length = Math.min(script.tool_calls ?? 1, request.mostToolCalls);
  return Array.from({ length }, () => shorten(keywords(question).join(" "), LONGEST_QUERY));
}

function makeSummary(question: string): string {
  const topic = keywords(question).join(", ") || "something without words";
  return `**Reading the question**\n\nIt is about ${topic}. The emulated provider only pretends to think about it.`;
}

function toAsked({ format, items }: ResponsesRequest, question: string): Asked {
  const last = items.at(-1);
  return {
    question,
    format,
    images: items.reduce((sum, item) => sum + item.images, 0),
    toolResult: isToolResult(last) ? (last?.text ?? "") : undefined,
  };
}
