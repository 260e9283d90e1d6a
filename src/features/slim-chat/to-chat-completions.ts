// The conversion of slim requests to Chat Completions. codec.ts converts the answer.

import type { ChatRequest } from "../../dialects/chat-completions/request.ts";
import type { SlimMessage, SlimPart, SlimRequest } from "./request.ts";

type ChatMessage = ChatRequest["messages"][number];

/** Converts a slim request to Chat Completions. `instructions` become the first system message. */
export function slimToChat(request: SlimRequest, formatName: string): ChatRequest {
  const { input, instructions, effort, format, tools, max_output_tokens: limit } = request;
  const messages = typeof input === "string" ? [{ role: "user", content: input } as const] : input;
  const system = instructions === undefined ? [] : [{ role: "system", content: instructions } as const];
  return {
    model: request.model,
    messages: [...system, ...messages.map(toChatMessage)],
    stream: request.stream,
    ...(limit === undefined ? {} : { max_completion_tokens: limit }),
    ...(effort === undefined ? {} : { reasoning_effort: effort }),
    ...(format === undefined
      ? {}
      : { response_format: { type: "json_schema", json_schema: { name: formatName, strict: true, schema: format } } }),
    ...(tools?.length ? { tools: tools.map((tool) => ({ type: "function", function: tool })) } : {}),
  };
}

function toChatMessage(message: SlimMessage): ChatMessage {
  switch (message.role) {
    case "system":
      return message;
    case "user": {
      const { content } = message;
      return { role: "user", content: typeof content === "string" ? content : content.map(toChatPart) };
    }
    case "assistant": {
      const calls = message.tools?.map(({ id, name, arguments: text }) => ({
        id,
        type: "function",
        function: { name, arguments: text },
      }));
      return { role: "assistant", content: message.content ?? null, ...(calls?.length ? { tool_calls: calls } : {}) };
    }
    case "tool":
      return { role: "tool", tool_call_id: message.id, content: message.content };
  }
}

const toChatPart = (part: SlimPart) =>
  part.type === "text" ? part : ({ type: "image_url", image_url: { url: part.url } } as const);
