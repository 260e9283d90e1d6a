// The tools that the caller runs: reads them, chooses one, and generates its arguments.
import { type JsonObject, readString } from "../body.ts";
import { invalidRequest } from "../errors.ts";
import { valueForSchema } from "../generation/json-value.ts";
import { allWords, likelyValues } from "../generation/question.ts";
import { checkStrictSchema } from "./strict-schema.ts";

const MAX_NAME_LENGTH = 64;

export interface FunctionTool {
  name: string;
  description: string;
  parameters: unknown;
}

/** Who decides about a call. An object names the function that must be called. */
export type ToolChoice = "auto" | "none" | "required" | { name: string };

/** Reads a function or a custom tool at `path`. Throws a 400 for an invalid name or strict schema. */
export function readFunction(offered: JsonObject, path: string): FunctionTool {
  const name = readString(offered, "name", `${path}.name`);
  checkName(name, `${path}.name`);
  const description = typeof offered["description"] === "string" ? offered["description"] : "";
  const { parameters, strict } = offered;
  if (strict === true && parameters !== undefined) {
    checkStrictSchema(parameters, `function '${name}'`, `${path}.parameters`);
  }
  return { name, description, parameters };
}

/** Chooses the function to call, if any. With `auto` the model calls one for a question, but not for a tool result. */
export function chooseTool<Tool extends FunctionTool>(
  tools: Tool[],
  choice: ToolChoice,
  isQuestion: boolean,
  question: string,
): Tool | undefined {
  if (choice === "none" || (choice === "auto" && !isQuestion)) return undefined;
  return pickTool(tools, choice, question);
}

/** The named function, or the one that shares most words with the question. */
function pickTool<Tool extends FunctionTool>(tools: Tool[], choice: ToolChoice, question: string): Tool | undefined {
  if (typeof choice === "object") return tools.find((tool) => tool.name === choice.name);
  const asked = new Set(allWords(question.toLowerCase()));
  const score = (tool: Tool) =>
    allWords(`${tool.name.replaceAll(/[_-]/g, " ")} ${tool.description}`.toLowerCase()).filter((word) =>
      asked.has(word),
    ).length;
  return tools.toSorted((first, second) => score(second) - score(first))[0];
}

/** Generates arguments for a function, as JSON. */
export function makeArguments(tool: FunctionTool, question: string): string {
  return JSON.stringify(valueForSchema(tool.parameters ?? { type: "object" }, likelyValues(question)));
}

function checkName(name: string, param: string): void {
  if (name.length > MAX_NAME_LENGTH) {
    const message =
      `Invalid '${param}': string too long. Expected a string with maximum length ${MAX_NAME_LENGTH}, but got a string ` +
      `with length ${name.length} instead.`;
    throw invalidRequest(message, param, "string_above_max_length");
  }
  if (/^[a-zA-Z0-9_-]+$/.test(name)) return;
  const fault = "string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.";
  throw invalidRequest(`Invalid '${param}': ${fault}`, param, "invalid_value");
}
