// The tools of a chat request: functions only.
import { isObject, type JsonObject, readSomeObjects, readString } from "../../kernel/body.ts";
import { invalidRequest, invalidType, invalidValue } from "../../kernel/errors.ts";
import { type FunctionTool, readFunction, type ToolChoice } from "../../kernel/request/tools.ts";

/** Reads the functions that a body offers. Throws a 400 for any other tool. */
export function readChatTools(body: JsonObject): FunctionTool[] {
  return readSomeObjects(body, "tools").map((tool, index) => {
    const type = readString(tool, "type", `tools[${index}].type`);
    if (type !== "function") throw invalidValue(`tools[${index}].type`, type, ["function"]);
    return readFunction(isObject(tool["function"]) ? tool["function"] : {}, `tools[${index}].function`);
  });
}

/** Reads `tool_choice`. Throws a 400 when it names a function that is not offered. */
export function readChatToolChoice(body: JsonObject, tools: FunctionTool[]): ToolChoice {
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
