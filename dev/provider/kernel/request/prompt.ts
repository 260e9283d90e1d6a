// How many input tokens a request has. Chat Completions and Responses describe the same prompt in different JSON; both
// are brought into one form first, so that the same prompt costs the same on either.
import { isObject } from "../body.ts";
import { countTokens } from "../generation/tokens.ts";

const TOKENS_PER_PROMPT = 3;
const TOKENS_PER_ENTRY = 4;
const TOKENS_PER_TOOL = 4;
const TOKENS_PER_IMAGE = 1000;

export interface Prompt {
  /** Everything that is read as text: contents, names and arguments of tool calls. */
  texts: string[];
  /** Messages with a content, tool calls and tool results. */
  entries: number;
  images: number;
  tools: unknown[];
  /** What the answer must look like, as the caller sent it. */
  format: unknown;
}

/** A prompt with nothing in it. */
export function emptyPrompt(): Prompt {
  return { texts: [], entries: 0, images: 0, tools: [], format: undefined };
}

/** The input tokens of a prompt. Never more than its JSON has bytes, images apart. */
export function countPrompt(prompt: Prompt): number {
  let count = TOKENS_PER_PROMPT + prompt.entries * TOKENS_PER_ENTRY + prompt.images * TOKENS_PER_IMAGE;
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
