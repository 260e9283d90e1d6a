// The two ways to have a chat over Chat Completions: passed on as it is, and slim.

import { createPassCodec } from "../stream/pass.ts";
import { createSlimCodec } from "../stream/slim.ts";
import { chatWords, readChatBody, readChatEvent } from "./chat-answer.ts";
import { chatBody } from "./chat-body.ts";
import type { ChatRequest } from "./chat-request.ts";
import { slimToChat } from "./chat-slim.ts";
import type { Way } from "./exchange.ts";
import { countBody } from "./input-count.ts";
import type { SlimRequest } from "./slim-request.ts";
import { passWhole, slimWhole } from "./whole-answer.ts";

const endpoint = "chat_completions";

/** /v1/chat/completions as the provider has it. */
export function passChat(request: ChatRequest): Way {
  const keepUsage = request.stream_options?.include_usage === true;
  return {
    endpoint,
    prepare(model) {
      const { request: sent, ...body } = chatBody(request, model);
      return {
        endpoint,
        ...body,
        count: () => countBody(sent),
        dialect: readChatEvent,
        words: chatWords,
        codec: (gated) => createPassCodec(readChatEvent, { keepUsage, gated }),
        read: (text) => passWhole(text, readChatBody),
      };
    },
  };
}

const SLIM_NAMES = { messages: "input", reasoning_effort: "effort", response_format: "format" };

/** /chat over Chat Completions. */
export function slimChat(request: SlimRequest, formatName = "answer"): Way {
  return {
    endpoint,
    prepare(model) {
      const { request: sent, ...body } = chatBody(slimToChat(request, formatName), model, SLIM_NAMES);
      return {
        endpoint,
        ...body,
        count: () => countBody(sent),
        dialect: readChatEvent,
        words: chatWords,
        codec: () => createSlimCodec(readChatEvent),
        read: (text) => slimWhole(text, readChatBody),
      };
    },
  };
}
