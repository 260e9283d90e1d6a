// Reads and checks the input items of a Responses request.
import { isObject, type JsonObject, readObjects, readString } from "../../kernel/body.ts";
import { invalidRequest, invalidType, invalidValue, missingParameter } from "../../kernel/errors.ts";
import { createId } from "../../kernel/ids.ts";
import type { Prompt } from "../../kernel/request/prompt.ts";
import { type ContentRules, readContent } from "./content.ts";

const ROLES = ["assistant", "system", "developer", "user"];
const CALLS: Record<string, string> = { function_call: "arguments", custom_tool_call: "input" };
const RESULT_TYPES = ["function_call_output", "custom_tool_call_output"];
// These items are accepted unread, because the model reads no text of them.
const OPAQUE_TYPES = [
  "web_search_call",
  "file_search_call",
  "code_interpreter_call",
  "image_generation_call",
  "mcp_call",
];
const MCP_TYPES = ["mcp_list_tools", "mcp_approval_request", "mcp_approval_response"];
const TYPES = [
  "message",
  ...Object.keys(CALLS),
  ...RESULT_TYPES,
  "reasoning",
  "item_reference",
  ...OPAQUE_TYPES,
  ...MCP_TYPES,
];

const ID_PREFIXES: Record<string, string> = {
  message: "msg_",
  function_call: "fc_",
  function_call_output: "fco_",
  custom_tool_call: "ctc_",
  custom_tool_call_output: "ctco_",
  reasoning: "rs_",
};

export interface InputItem {
  type: string;
  role: string | undefined;
  /** The content of a message, the arguments of a call, or the output of a tool. */
  text: string | undefined;
  name: string | undefined;
  callId: string | undefined;
  images: number;
  fileTokens: number;
  /** The item as a list of input items has it. */
  wire: JsonObject;
}

export interface InputRules extends Omit<ContentRules, "role"> {
  /** Finds the stored item that an `item_reference` names. */
  findItem: (id: string) => JsonObject | undefined;
}

/** Reads the items of an input. A string is one user message. Throws OpenAI's 400 for the first fault. */
export function readInput(body: JsonObject, rules: InputRules): InputItem[] {
  const input = body["input"] ?? [];
  if (typeof input === "string") return [readItem({ role: "user", content: input }, "input", rules)];
  if (!Array.isArray(input)) throw invalidType("input", "one of a string or array of objects", input);
  return readObjects(body, "input").map((item, index) => readItem(item, `input[${index}]`, rules));
}

/** Reads one item, of an input or of an earlier answer. */
export function readItem(item: JsonObject, path: string, rules: InputRules): InputItem {
  const type = item["type"] ?? ("role" in item ? "message" : undefined);
  if (type === undefined) throw missingParameter(`${path}.type`);
  if (typeof type !== "string") throw invalidType(`${path}.type`, "a string", type);
  if (!TYPES.includes(type)) throw invalidValue(`${path}.type`, type, TYPES);
  if (type === "item_reference") return readItem(follow(item, path, rules), path, rules);
  const id = typeof item["id"] === "string" ? item["id"] : createId(ID_PREFIXES[type] ?? "item_", 32);
  const plain = {
    type,
    role: undefined,
    text: undefined,
    name: undefined,
    callId: undefined,
    images: 0,
    fileTokens: 0,
  };
  const wire = { ...item, id, type };
  if (type === "message") return { ...plain, ...readMessage(item, wire, path, rules) };
  const payload = CALLS[type];
  if (payload !== undefined) return { ...plain, ...readCall(item, payload, path), wire };
  if (RESULT_TYPES.includes(type)) return { ...plain, ...readResult(item, path, rules), wire };
  return { ...plain, wire };
}

/** Throws a 400 for a tool result without its call, and for a call without its result. */
export function checkItemCalls(items: InputItem[]): void {
  const called = new Set<string>();
  const open = new Set<string>();
  for (const { type, callId } of items) {
    if (callId === undefined) continue;
    if (!RESULT_TYPES.includes(type)) {
      called.add(callId);
      open.add(callId);
    } else if (called.has(callId)) {
      open.delete(callId);
    } else {
      throw invalidRequest(`No tool call found for function call output with call_id ${callId}.`, "input");
    }
  }
  const [unanswered] = open;
  if (unanswered !== undefined) throw invalidRequest(`No tool output found for function call ${unanswered}.`, "input");
}

/** True for the result of a tool. */
export function isToolResult(item: InputItem | undefined): boolean {
  return item !== undefined && RESULT_TYPES.includes(item.type);
}

/** Adds items to a prompt. */
export function addItems(prompt: Prompt, items: InputItem[]): void {
  for (const { name, text, images, fileTokens } of items) {
    if (name !== undefined) prompt.texts.push(name);
    if (text === undefined) continue;
    prompt.texts.push(text);
    prompt.entries++;
    prompt.images += images;
    prompt.fileTokens += fileTokens;
  }
}

function readMessage(item: JsonObject, wire: JsonObject, path: string, rules: InputRules) {
  const role = readString(item, "role", `${path}.role`);
  if (!ROLES.includes(role)) throw invalidValue(`${path}.role`, role, ROLES);
  const { parts, ...content } = readContent(item, "content", path, { role, ...rules });
  return { role, ...content, wire: { ...wire, status: "completed", role, content: parts } };
}

function readCall(item: JsonObject, payload: string, path: string) {
  const callId = readString(item, "call_id", `${path}.call_id`);
  const name = readString(item, "name", `${path}.name`);
  return { callId, name, text: readString(item, payload, `${path}.${payload}`) };
}

function readResult(item: JsonObject, path: string, rules: InputRules) {
  const callId = readString(item, "call_id", `${path}.call_id`);
  const { text, images, fileTokens } = readContent(item, "output", path, { role: "user", ...rules });
  return { callId, text, images, fileTokens };
}

function follow(item: JsonObject, path: string, rules: InputRules): JsonObject {
  const id = readString(item, "id", `${path}.id`);
  const found = rules.findItem(id);
  if (isObject(found)) return found;
  throw invalidRequest(`Item with id '${id}' not found.`, "input", null, 404);
}
