// The conversion of a chat request for the provider's token counter, which reads Responses input.
// A request that may not convert completely is not counted, because its count would be too small.

import type { ChatRequest } from "./request.ts";

type Fields = Record<string, unknown>;
type Message = ChatRequest["messages"][number];

const ROLES = new Set(["system", "developer", "user", "assistant", "tool"]);

/**
 * Writes the body of POST /v1/responses/input_tokens for a chat request as it is sent. Returns undefined when part of
 * the request has no equivalent in Responses.
 */
export function countChatInput(request: ChatRequest): string | undefined {
  const { functions, prediction, tools, response_format: format } = request;
  if (
    !holdsOnly({ functions, prediction }) ||
    !request.messages.every(isConvertible) ||
    !(tools ?? []).every(isConvertibleTool)
  )
    return undefined;
  const schema = (format as Fields | null | undefined)?.json_schema as Fields | undefined;
  return JSON.stringify({
    model: request.model,
    input: request.messages.flatMap(toItems),
    tools: tools?.map(toTool),
    ...(schema ? { text: { format: { ...schema, type: "json_schema" } } } : {}),
  });
}

function isConvertible(message: Message): boolean {
  const calls = (message.tool_calls ?? []) as Fields[];
  return (
    ROLES.has(message.role) &&
    holdsOnly(message, "role", "content", "tool_calls", "tool_call_id") &&
    calls.every((call) => holdsOnly(call, "id", "type", "function"))
  );
}

function isConvertibleTool(tool: Fields): boolean {
  return tool.type === "function" || (tool.type === "custom" && !(tool.custom as Fields | undefined)?.format);
}

/** Every field that is not listed is empty. */
function holdsOnly(fields: Fields, ...names: string[]): boolean {
  return Object.entries(fields).every(([name, value]) => names.includes(name) || isEmpty(value));
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === "" || (Array.isArray(value) && value.length === 0);
}

function toItems(message: Message): Fields[] {
  const { role, content } = message;
  const parts = Array.isArray(content) ? content.map((part) => toPart(part, role === "assistant")) : content;
  if (role === "tool") return [{ type: "function_call_output", call_id: message.tool_call_id, output: parts }];
  const calls = ((message.tool_calls ?? []) as Fields[]).map(toCall);
  return [...(parts === null || parts === undefined ? [] : [{ role, content: parts }]), ...calls];
}

function toCall({ id, function: called }: Fields): Fields {
  const { name, arguments: text } = (called ?? {}) as Fields;
  return { type: "function_call", call_id: id, name, arguments: text };
}

function toPart(part: Fields, answers: boolean): Fields {
  if (part.type === "image_url") {
    const { url, detail } = part.image_url as Fields;
    return { type: "input_image", image_url: url, detail };
  }
  if (part.type === "refusal") return part;
  return { type: answers ? "output_text" : "input_text", text: part.text };
}

/** Responses puts a tool's fields beside its type. Chat Completions nests them. */
function toTool(tool: Fields): Fields {
  const { type } = tool;
  // `type` comes last, so that a field of the caller cannot change the kind of the tool.
  return { ...(tool[String(type)] as Fields | undefined), type };
}
