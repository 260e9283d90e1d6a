// The functions that a request offers, which one is called, and with which arguments.
import { isObject, type JsonObject, readSomeObjects, readString } from "../body.ts";
import { invalidRequest, invalidType, invalidValue } from "../errors.ts";
import { valueForSchema } from "../generation/json-value.ts";
import { allWords, likelyValues } from "../generation/question.ts";
import { checkStrictSchema } from "./strict-schema.ts";

const LONGEST_NAME = 64;

export interface FunctionTool {
  name: string;
  description: string;
  parameters: unknown;
}

/** What the caller wants: the model's own choice, no call, a call, or a call of that function. */
export type ToolChoice = "auto" | "none" | "required" | { name: string };

/** The functions of a chat body. Throws the 400 for tools that Chat Completions has not. */
export function readChatTools(body: JsonObject): FunctionTool[] {
  return readSomeObjects(body, "tools").map((tool, index) => {
    const type = readString(tool, "type", `tools[${index}].type`);
    if (type !== "function") throw invalidValue(`tools[${index}].type`, type, ["function"]);
    return readFunction(isObject(tool["function"]) ? tool["function"] : {}, `tools[${index}].function`);
  });
}

/** One function or custom tool, whose fields are at `path`. Throws the 400 for what OpenAI does not call. */
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

/** The `tool_choice` of a chat body. Throws the 400 for one that names no offered function. */
export function readToolChoice(body: JsonObject, tools: FunctionTool[]): ToolChoice {
  const choice = body["tool_choice"] ?? (tools.length > 0 ? "auto" : "none");
  if (body["tool_choice"] && tools.length === 0) {
    throw invalidRequest("'tool_choice' is only allowed when 'tools' are specified.", "tool_choice");
  }
  if (choice === "auto" || choice === "none" || choice === "required") return choice;
  if (typeof choice === "string") throw invalidValue("tool_choice", choice, ["none", "auto", "required"]);
  if (!isObject(choice)) throw invalidType("tool_choice", "one of a string or an object", choice);
  if (isObject(choice["allowed_tools"])) return choice["allowed_tools"]["mode"] === "required" ? "required" : "auto";
  const name = readString(isObject(choice["function"]) ? choice["function"] : {}, "name", "tool_choice.function.name");
  if (tools.some((tool) => tool.name === name)) return { name };
  throw invalidRequest(`Tool choice '${name}' not found in 'tools' parameter.`, "tool_choice");
}

/** The function to call, if any: left to itself the model calls one for a question, and answers when a tool has. */
export function toolFor<Tool extends FunctionTool>(
  tools: Tool[],
  choice: ToolChoice,
  isQuestion: boolean,
  question: string,
): Tool | undefined {
  if (choice === "none" || (choice === "auto" && !isQuestion)) return undefined;
  return chooseTool(tools, choice, question);
}

/** The function that a question is about: the named one, else the one that shares most words with the question. */
function chooseTool<Tool extends FunctionTool>(tools: Tool[], choice: ToolChoice, question: string): Tool | undefined {
  if (typeof choice === "object") return tools.find((tool) => tool.name === choice.name);
  const asked = new Set(allWords(question.toLowerCase()));
  const score = (tool: Tool) =>
    allWords(`${tool.name.replaceAll(/[_-]/g, " ")} ${tool.description}`.toLowerCase()).filter((word) =>
      asked.has(word),
    ).length;
  return tools.toSorted((first, second) => score(second) - score(first))[0];
}

/** Arguments for a function, as JSON. */
export function makeArguments(tool: FunctionTool, question: string): string {
  return JSON.stringify(valueForSchema(tool.parameters ?? { type: "object" }, likelyValues(question)));
}

function checkName(name: string, param: string): void {
  if (name.length > LONGEST_NAME) {
    const message =
      `Invalid '${param}': string too long. Expected a string with maximum length ${LONGEST_NAME}, but got a string ` +
      `with length ${name.length} instead.`;
    throw invalidRequest(message, param, "string_above_max_length");
  }
  if (/^[a-zA-Z0-9_-]+$/.test(name)) return;
  const message = `Invalid '${param}': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.`;
  throw invalidRequest(message, param, "invalid_value");
}
