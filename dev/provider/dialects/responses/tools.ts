// The tools of a Responses request: functions and custom tools, which the caller runs, and hosted ones, which the provider
// does.
import { isObject, type JsonObject, readObjects, readString } from "../../kernel/body.ts";
import { invalidRequest, invalidType, invalidValue } from "../../kernel/errors.ts";
import { type FunctionTool, readFunction, type ToolChoice } from "../../kernel/request/tools.ts";

const WEB_SEARCH = ["web_search", "web_search_preview"];
const HOSTED = [...WEB_SEARCH, "file_search", "code_interpreter", "mcp", "image_generation"];
const TYPES = ["function", "custom", ...HOSTED];

export interface CallableTool extends FunctionTool {
  type: "function" | "custom";
}

export interface OfferedTools {
  callable: CallableTool[];
  searchesWeb: boolean;
}

/** The tools of a body. Throws the 400 for tools that the emulation has not. */
export function readTools(body: JsonObject): OfferedTools {
  const offered: OfferedTools = { callable: [], searchesWeb: false };
  for (const [index, tool] of readObjects(body, "tools").entries()) {
    const type = readString(tool, "type", `tools[${index}].type`);
    if (!TYPES.includes(type)) throw invalidValue(`tools[${index}].type`, type, TYPES);
    if (type === "function" || type === "custom") {
      offered.callable.push({ type, ...readFunction(tool, `tools[${index}]`) });
    }
    offered.searchesWeb ||= WEB_SEARCH.includes(type);
  }
  return offered;
}

/** The `tool_choice` of a body. Throws the 400 for one that means no offered tool. */
export function readToolChoice(body: JsonObject, { callable }: OfferedTools): ToolChoice {
  const choice = body["tool_choice"] ?? "auto";
  if (choice === "auto" || choice === "none" || choice === "required") return choice;
  if (typeof choice === "string") throw invalidValue("tool_choice", choice, ["none", "auto", "required"]);
  if (!isObject(choice)) throw invalidType("tool_choice", "one of a string or an object", choice);
  const type = readString(choice, "type", "tool_choice.type");
  if (type === "allowed_tools") return choice["mode"] === "required" ? "required" : "auto";
  const notFound = invalidRequest(`Tool choice '${type}' not found in 'tools' parameter.`, "tool_choice");
  if (type !== "function" && type !== "custom") {
    if (readObjects(body, "tools").some((tool) => tool["type"] === type)) return "auto";
    throw notFound;
  }
  const name = readString(choice, "name", "tool_choice.name");
  if (callable.some((tool) => tool.type === type && tool.name === name)) return { name };
  throw notFound;
}

/** The tools as a response repeats them: functions are strict unless the caller says otherwise. */
export function repeatTools(body: JsonObject): JsonObject[] {
  return readObjects(body, "tools").map((tool) => (tool["type"] === "function" ? repeatFunction(tool) : tool));
}

function repeatFunction(tool: JsonObject): JsonObject {
  return { ...tool, description: tool["description"] ?? null, strict: tool["strict"] ?? true };
}
