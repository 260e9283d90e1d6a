// Reads and checks the messages of a chat request.
import {
  isObject,
  type JsonObject,
  readImageUrl,
  readObjects,
  readSomeObjects,
  readString,
} from "../../kernel/body.ts";
import { invalidRequest, invalidType, invalidValue, missingParameter } from "../../kernel/errors.ts";
import type { Prompt } from "../../kernel/request/prompt.ts";

const ROLES = ["system", "assistant", "user", "function", "tool", "developer"];
const PART_TYPES = ["text", "image_url", "refusal", "file"];

export interface ChatMessage {
  role: string;
  /** The text of the content, with its parts joined by line breaks. Undefined when there is no content. */
  text: string | undefined;
  name: string | undefined;
  images: number;
  /** A file counts like an image. */
  files: number;
  toolCalls: { id: string; name: string; arguments: string }[];
  /** The call that a tool message answers. */
  toolCallId: string | undefined;
}

/** Reads the messages of a body. Throws the 400 that OpenAI gives for their first fault. */
export function readMessages(body: JsonObject, acceptsImages: boolean): ChatMessage[] {
  if (body["messages"] === undefined) throw missingParameter("messages");
  const sent = readSomeObjects(body, "messages");
  const messages = sent.map((message, index) => readMessage(message, `messages[${index}]`, acceptsImages));
  checkToolCalls(messages);
  return messages;
}

/** Adds messages to a prompt. A message without content counts only its tool calls. */
export function addMessages(prompt: Prompt, messages: ChatMessage[]): void {
  for (const message of messages) {
    if (message.text !== undefined) prompt.texts.push(message.text);
    if (message.name !== undefined) prompt.texts.push(message.name);
    for (const call of message.toolCalls) prompt.texts.push(call.name, call.arguments);
    prompt.entries += (message.text === undefined ? 0 : 1) + message.toolCalls.length;
    prompt.images += message.images + message.files;
  }
}

function readMessage(message: JsonObject, path: string, acceptsImages: boolean): ChatMessage {
  const role = readString(message, "role", `${path}.role`);
  if (!ROLES.includes(role)) throw invalidValue(`${path}.role`, role, ROLES);
  const toolCalls = readSomeObjects(message, "tool_calls", `${path}.tool_calls`).map((call, index) => {
    const called = isObject(call["function"]) ? call["function"] : {};
    const callPath = `${path}.tool_calls[${index}]`;
    return {
      id: readString(call, "id", `${callPath}.id`),
      name: readString(called, "name", `${callPath}.function.name`),
      arguments: readString(called, "arguments", `${callPath}.function.arguments`),
    };
  });
  const toolCallId = role === "tool" ? readString(message, "tool_call_id", `${path}.tool_call_id`) : undefined;
  const name = typeof message["name"] === "string" ? message["name"] : undefined;
  return { role, name, toolCalls, toolCallId, ...readContent(message, path, acceptsImages) };
}

function readContent(message: JsonObject, path: string, acceptsImages: boolean) {
  const content = message["content"] ?? undefined;
  if (content === undefined && message["role"] !== "assistant") {
    const text = "Invalid value for 'content': expected a string, got null.";
    throw invalidRequest(text, `${path}.content`);
  }
  if (content === undefined || typeof content === "string") return { text: content, images: 0, files: 0 };
  if (!Array.isArray(content)) throw invalidType(`${path}.content`, "one of a string or array of objects", content);
  const parts = readObjects(message, "content", `${path}.content`);
  const texts = parts.map((part, index) => readPart(part, `${path}.content[${index}]`, acceptsImages));
  return {
    text: texts.filter((text) => text !== undefined).join("\n"),
    images: parts.filter((part) => part["type"] === "image_url").length,
    files: parts.filter((part) => part["type"] === "file").length,
  };
}

function readPart(part: JsonObject, path: string, acceptsImages: boolean): string | undefined {
  const type = readString(part, "type", `${path}.type`);
  if (!PART_TYPES.includes(type)) throw invalidValue(`${path}.type`, type, PART_TYPES);
  if (type === "text" || type === "refusal") return readString(part, type, `${path}.${type}`);
  if (type === "file") return undefined;
  if (!acceptsImages) {
    throw invalidRequest("Invalid content type. image_url is only supported by certain models.", `${path}.type`);
  }
  readImageUrl(isObject(part["image_url"]) ? part["image_url"] : {}, "url", `${path}.image_url.url`);
  return undefined;
}

/** Throws a 400 for a tool call without its result, and for a tool result without its call. */
function checkToolCalls(messages: ChatMessage[]): void {
  let open = new Set<string>();
  let answers = false;
  for (const [index, { role, toolCalls, toolCallId }] of messages.entries()) {
    if (role === "tool" && !answers) {
      throw invalidRequest(
        "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
        `messages[${index}].role`,
      );
    }
    if (toolCallId !== undefined) {
      open.delete(toolCallId);
      continue;
    }
    if (open.size > 0) break;
    open = new Set(toolCalls.map((call) => call.id));
    answers = open.size > 0;
  }
  if (open.size === 0) return;
  const message =
    "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. " +
    `The following tool_call_ids did not have response messages: ${[...open].join(", ")}`;
  throw invalidRequest(message, "messages");
}
