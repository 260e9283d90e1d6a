// Generates the choices of a chat answer. Each is a tool call or a reply.
import { isScripted, makeReply, type ReplyRequest } from "../../kernel/generation/reply.ts";
import { tokenize } from "../../kernel/generation/tokens.ts";
import { createId } from "../../kernel/ids.ts";
import { fitOutput } from "../../kernel/request/output-budget.ts";
import { chooseTool, type FunctionTool, makeArguments } from "../../kernel/request/tools.ts";
import type { Script } from "../../kernel/script.ts";
import type { ChatRequest } from "./request.ts";

export interface ChatChoice {
  /** The tokens of the text, or of the arguments when a tool is called. */
  pieces: string[];
  call: { id: string; name: string } | undefined;
  refused: boolean;
  reasoning: number;
  finish: "stop" | "length" | "tool_calls";
}

/** Generates as many choices as the request asks for. */
export function answerChat(request: ChatRequest, script: Script, question: string): ChatChoice[] {
  const replyRequest = toReplyRequest(request, question);
  const tool = isScripted(script) ? undefined : findTool(request, question);
  const indexes = Array.from({ length: request.choiceCount }, (_, index) => index);
  return indexes.map((index) => {
    const whole = tool ? tokenize(makeArguments(tool, question)) : makeReply(replyRequest, script, index);
    const output = fitOutput(whole, request, script);
    return {
      pieces: output.pieces,
      call: tool && { id: createId("call_", 24), name: tool.name },
      refused: script.refuse !== undefined,
      reasoning: output.reasoning,
      finish: output.cut ? "length" : tool ? "tool_calls" : "stop",
    };
  });
}

function findTool(request: ChatRequest, question: string): FunctionTool | undefined {
  const { tools, toolChoice, messages } = request;
  return chooseTool(tools, toolChoice, messages.at(-1)?.role === "user", question);
}

function toReplyRequest({ format, messages }: ChatRequest, question: string): ReplyRequest {
  const last = messages.at(-1);
  return {
    question,
    format,
    images: messages.reduce((sum, message) => sum + message.images, 0),
    toolResult: last?.role === "tool" ? (last.text ?? "") : undefined,
  };
}
