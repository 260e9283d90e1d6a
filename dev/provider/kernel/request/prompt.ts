// Counts the input tokens of a request.
// Both dialects convert a request to the same prompt, so that the same prompt costs the same in both.
import { isObject } from "../body.ts";
import { countTokens } from "../generation/tokens.ts";

const TOKENS_PER_PROMPT = 3;
const TOKENS_PER_ENTRY = 4;
const TOKENS_PER_TOOL = 4;
const TOKENS_PER_IMAGE = 1000;

export interface Prompt {
  /** Contents, and the names and arguments of tool calls. */
  texts: string[];
  /** Number of messages with a content, tool calls and tool results. */
  entries: number;
  images: number;
  /** Tokens of uploaded files. */
  fileTokens: number;
  tools: unknown[];
  /** The format of the answer, as the caller sent it. */
  format: unknown;
}

/** An empty prompt. */
export function emptyPrompt(): Prompt {
  return { texts: [], entries: 0, images: 0, fileTokens: 0, tools: [], format: undefined };
}

/** The input tokens of a prompt. Without images there are never more than its JSON has bytes. */
export function countPrompt(prompt: Prompt): number {
  let count = TOKENS_PER_PROMPT + prompt.entries * TOKENS_PER_ENTRY + prompt.images * TOKENS_PER_IMAGE;
  count += prompt.fileTokens;
  for (const text of prompt.texts) count += countTokens(text);
  for (const tool of prompt.tools) count += TOKENS_PER_TOOL + countTool(tool);
  return count + countFormat(prompt.format);
}

function countTool(tool: unknown): number {
  if (!isObject(tool)) return 0;
  const { name, description, parameters } = isObject(tool["function"]) ? tool["function"] : tool;
  return countTokens(JSON.stringify({ name, description, parameters }));
}

function countFormat(format: unknown): number {
  if (!isObject(format) || format["type"] !== "json_schema") return 0;
  const { name, description, schema } = isObject(format["json_schema"]) ? format["json_schema"] : format;
  return countTokens(JSON.stringify({ name, description, schema }));
}
