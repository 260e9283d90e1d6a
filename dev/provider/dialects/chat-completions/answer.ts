// What the emulated model answers to a chat request: a tool call or a reply, in tokens, and within the output limit.
import type { ChatRequest } from "./request.ts";
import { createId } from "../../kernel/ids.ts";
import { fitOutput } from "../../kernel/request/output-budget.ts";
import { type Asked, isScripted, makeReply } from "../../kernel/generation/reply.ts";
import type { Script } from "../../kernel/script.ts";
import { tokenize } from "../../kernel/generation/tokens.ts";
import { type FunctionTool, makeArguments, toolFor } from "../../kernel/request/tools.ts";

export interface Choice {
  /** The tokens of the text, or of the arguments when a tool is called. */
  pieces: string[];
  call: { id: string; name: string } | undefined;
  refused: boolean;
  reasoning: number;
  finish: "stop" | "length" | "tool_calls";
}

/** The choices of the answer, one for each that was asked for. */
export function answerChat(request: ChatRequest, script: Script, question: string): Choice[] {
  const asked = toAsked(request, question);
  const tool = isScripted(script) ? undefined : toolToCall(request, question);
  const indexes = Array.from({ length: request.choiceCount }, (_, index) => index);
  return indexes.map((index) => {
    const whole = tool ? tokenize(makeArguments(tool, question)) : makeReply(asked, script, index);
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

function toolToCall(request: ChatRequest, question: string): FunctionTool | undefined {
  const { tools, toolChoice, messages } = request;
  return toolFor(tools, toolChoice, messages.at(-1)?.role === "user", question);
}

function toAsked({ format, messages }: ChatRequest, question: string): Asked {
  const last = messages.at(-1);
  return {
    question,
    format,
    images: messages.reduce((sum, message) => sum + message.images, 0),
    toolResult: last?.role === "tool" ? (last.text ?? "") : undefined,
  };
}
