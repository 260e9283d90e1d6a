// What the emulated model answers to a chat request: the scripted text, a tool call, JSON for a schema, or sentences;
// in tokens, and within the output limit.
import { answerQuestion, answerToolResult } from "./answer.ts";
import type { ChatRequest } from "./chat-request.ts";
import { createId } from "./ids.ts";
import { valueForSchema } from "./json-value.ts";
import { fitOutput } from "./output-budget.ts";
import { likelyValues } from "./question.ts";
import type { Script } from "./script.ts";
import { fillerTokens, tokenize } from "./tokens.ts";
import { chooseTool, type FunctionTool, makeArguments } from "./tools.ts";

export interface Choice {
  /** The tokens of the text, or of the arguments when a tool is called. */
  pieces: string[];
  call: { id: string; name: string } | undefined;
  reasoning: number;
  finish: "stop" | "length" | "tool_calls";
}

/** The choices of the answer, one for each that was asked for. */
export function answerChat(request: ChatRequest, script: Script, question: string): Choice[] {
  const tool = scripted(script) ? undefined : toolToCall(request, question);
  const indexes = Array.from({ length: request.choiceCount }, (_, index) => index);
  return indexes.map((index) => {
    const whole = tool ? tokenize(makeArguments(tool, question)) : makeText(request, script, question, index);
    const output = fitOutput(whole, script.reasoning ?? request.reasoningTokens, request.outputLimit);
    return {
      pieces: output.pieces,
      call: tool && { id: createId("call_", 24), name: tool.name },
      reasoning: output.reasoning,
      finish: output.cut ? "length" : tool ? "tool_calls" : "stop",
    };
  });
}

function scripted(script: Script): boolean {
  return script.tokens !== undefined || script.text !== undefined;
}

function toolToCall(request: ChatRequest, question: string): FunctionTool | undefined {
  const { tools, toolChoice, messages } = request;
  if (toolChoice === "none") return undefined;
  if (toolChoice === "auto" && messages.at(-1)?.role !== "user") return undefined;
  return chooseTool(tools, toolChoice, question);
}

function makeText(request: ChatRequest, script: Script, question: string, seed: number): string[] {
  if (script.tokens !== undefined) return fillerTokens(script.tokens);
  return tokenize(script.text ?? makeAnswer(request, question, seed));
}

function makeAnswer(request: ChatRequest, question: string, seed: number): string {
  const { format, messages } = request;
  if (format.type === "json_schema") return JSON.stringify(valueForSchema(format.schema, likelyValues(question)));
  const last = messages.at(-1);
  const text = last?.role === "tool" ? answerToolResult(last.text ?? "", seed) : undefined;
  const images = messages.reduce((sum, message) => sum + message.images, 0);
  const sentences = text ?? answerQuestion(question, images, seed);
  return format.type === "json_object" ? JSON.stringify({ answer: sentences, emulated: true }) : sentences;
}
