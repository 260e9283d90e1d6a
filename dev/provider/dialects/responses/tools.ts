// The tools of a Responses request.
// The caller runs functions and custom tools. Features run the hosted tools.
import { isObject, type JsonObject, readObjects, readString } from "../../kernel/body.ts";
import { invalidRequest, invalidType, invalidValue } from "../../kernel/errors.ts";
import { type FunctionTool, readFunction, type ToolChoice } from "../../kernel/request/tools.ts";
import type { HostedTools } from "../../kernel/responses-hooks.ts";

export interface CallableTool extends FunctionTool {
  type: "function" | "custom";
}

export interface OfferedTools {
  callable: CallableTool[];
  hosted: JsonObject[];
}

/** Reads the tools of a body. Throws a 400 for a type that is unknown or that no feature hosts. */
export function readTools(body: JsonObject, hostedTools: readonly HostedTools[]): OfferedTools {
  const types = ["function", "custom", ...hostedTools.flatMap((tools) => tools.types)];
  const offered: OfferedTools = { callable: [], hosted: [] };
  for (const [index, tool] of readObjects(body, "tools").entries()) {
    const type = readString(tool, "type", `tools[${index}].type`);
    if (!types.includes(type)) throw invalidValue(`tools[${index}].type`, type, types);
    if (type === "function" || type === "custom") {
      offered.callable.push({ type, ...readFunction(tool, `tools[${index}]`) });
    } else {
      offered.hosted.push(tool);
    }
  }
  return offered;
}

/** Reads `tool_choice`. Throws a 400 when it names a tool that is not offered. */
export function readResponsesToolChoice(body: JsonObject, { callable, hosted }: OfferedTools): ToolChoice {
  const choice = body["tool_choice"] ?? "auto";
  if (choice === "auto" || choice === "none" || choice === "required") return choice;
  if (typeof choice === "string") throw invalidValue("tool_choice", choice, ["none", "auto", "required"]);
  if (!isObject(choice)) throw invalidType("tool_choice", "one of a string or an object", choice);
  const type = readString(choice, "type", "tool_choice.type");
  if (type === "allowed_tools") return choice["mode"] === "required" ? "required" : "auto";
  if (hosted.some((tool) => tool["type"] === type)) return "auto";
  const name = choice["name"];
  if (typeof name === "string" && callable.some((tool) => tool.type === type && tool.name === name)) return { name };
  throw invalidRequest(`Tool choice '${type}' not found in 'tools' parameter.`, "tool_choice");
}

/** The tools as a response repeats them. Functions are strict by default. */
export function repeatTools(body: JsonObject): JsonObject[] {
  return readObjects(body, "tools").map((tool) => (tool["type"] === "function" ? repeatFunction(tool) : tool));
}

function repeatFunction(tool: JsonObject): JsonObject {
  return { ...tool, description: tool["description"] ?? null, strict: tool["strict"] ?? true };
}
