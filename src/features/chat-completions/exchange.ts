// The Chat Completions exchange, which passes the provider's answer through.

import type { Way } from "../../core/gateway/exchange.ts";
import { chatBody } from "../../dialects/chat-completions/body.ts";
import { countChatInput } from "../../dialects/chat-completions/count.ts";
import { chatDialect } from "../../dialects/chat-completions/decode.ts";
import type { ChatRequest } from "../../dialects/chat-completions/request.ts";
import { passWhole } from "../../dialects/openai/whole-answer.ts";
import { createPassCodec, passEvents } from "./codec.ts";

const endpoint = "chat_completions";

/** A Chat Completions request whose answer is passed through. */
export function passChat(request: ChatRequest): Way {
  const options = { keepUsage: request.stream_options?.include_usage === true };
  return {
    endpoint,
    prepare(model) {
      const { request: sent, ...ask } = chatBody(request, model);
      return {
        ask: { endpoint, ...ask, count: () => countChatInput(sent) },
        reply: request.stream
          ? {
              kind: "stream",
              dialect: chatDialect,
              events: passEvents(options),
              passThrough: () => createPassCodec(chatDialect, options),
            }
          : { kind: "json", read: (text) => passWhole(text, chatDialect) },
      };
    },
  };
}
