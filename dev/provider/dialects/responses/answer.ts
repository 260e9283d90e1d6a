// Generates a Responses answer: reasoning, hosted calls, then a reply or a tool call.
import { keywords, shorten } from "../../kernel/generation/question.ts";
import { isScripted, makeReply, type ReplyRequest } from "../../kernel/generation/reply.ts";
import { tokenize } from "../../kernel/generation/tokens.ts";
import { createId } from "../../kernel/ids.ts";
import { fitOutput } from "../../kernel/request/output-budget.ts";
import { chooseTool, makeArguments } from "../../kernel/request/tools.ts";
import type { HostedCall, HostedTools } from "../../kernel/responses-hooks.ts";
import type { Script } from "../../kernel/script.ts";
import { isToolResult } from "./input.ts";
import type { ResponsesRequest } from "./request.ts";
import type { CallableTool } from "./tools.ts";

const MAX_INPUT_LENGTH = 200;

export interface GeneratedAnswer {
  reasoning: number;
  /** The tokens of the reasoning summary. Empty when it was not requested or there is no reasoning. */
  summary: string[];
  hostedCalls: HostedCall[];
  kind: "text" | "refusal" | "function_call" | "custom_tool_call";
  call: { id: string; name: string } | undefined;
  /** The tokens of the text, or of the arguments when a tool is called. */
  pieces: string[];
  /** True when the output limit truncated the answer. */
  cut: boolean;
}

/** Generates the answer to a question. */
export function answerResponse(
  request: ResponsesRequest,
  script: Script,
  question: string,
  hostedTools: readonly HostedTools[],
): GeneratedAnswer {
  const tool = isScripted(script) ? undefined : findTool(request, question);
  const whole = tool ? tokenize(makePayload(tool, question)) : makeReply(toReplyRequest(request, question), script);
  const { pieces, reasoning, cut } = fitOutput(whole, request, script);
  return {
    reasoning,
    summary: request.summarizes && reasoning > 0 ? tokenize(makeSummary(question)) : [],
    hostedCalls: callHostedTools(request, script, question, hostedTools),
    kind: kindOf(tool, script),
    call: tool && { id: createId("call_", 24), name: tool.name },
    pieces,
    cut,
  };
}

function kindOf(tool: CallableTool | undefined, script: Script): GeneratedAnswer["kind"] {
  if (tool) return tool.type === "function" ? "function_call" : "custom_tool_call";
  return script.refuse === undefined ? "text" : "refusal";
}

function findTool({ tools, toolChoice, items }: ResponsesRequest, question: string): CallableTool | undefined {
  return chooseTool(tools.callable, toolChoice, items.at(-1)?.role === "user", question);
}

function makePayload(tool: CallableTool, question: string): string {
  return tool.type === "function" ? makeArguments(tool, question) : shorten(question, MAX_INPUT_LENGTH) || "emulated";
}

function callHostedTools(
  { tools, toolChoice, maxToolCalls }: ResponsesRequest,
  script: Script,
  question: string,
  hostedTools: readonly HostedTools[],
): HostedCall[] {
  if (toolChoice === "none") return [];
  const calls = hostedTools.flatMap((hosted) => {
    const offered = tools.hosted.filter((tool) => hosted.types.includes(String(tool["type"])));
    return hosted.run({ tools: offered, maxCalls: maxToolCalls, script, question });
  });
  return calls.slice(0, maxToolCalls);
}

function makeSummary(question: string): string {
  const topic = keywords(question).join(", ") || "something without words";
  return `**Reading the question**\n\nIt is about ${topic}. The emulated provider only pretends to think about it.`;
}

function toReplyRequest({ format, items }: ResponsesRequest, question: string): ReplyRequest {
  const last = items.at(-1);
  return {
    question,
    format,
    images: items.reduce((sum, item) => sum + item.images, 0),
    toolResult: isToolResult(last) ? (last?.text ?? "") : undefined,
  };
}
