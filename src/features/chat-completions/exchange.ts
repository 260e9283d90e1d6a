// The two ways to have a chat over Chat Completions: passed on as it is, and slim.

import type { Model } from "../../core/catalog/resolve.ts";
import { createPassCodec } from "./codec.ts";
import { createSlimCodec } from "../slim-chat/codec.ts";
import { chatWords, readChatBody, readChatEvent } from "../../dialects/chat-completions/decode.ts";
import { chatBody } from "../../dialects/chat-completions/body.ts";
import type { ChatRequest } from "../../dialects/chat-completions/request.ts";
import { slimToChat } from "../slim-chat/to-chat-completions.ts";
import type { Exchange, Way } from "../../core/gateway/exchange.ts";
import type { RequestBody } from "../../dialects/openai/request-body.ts";
import { countBody } from "../../dialects/chat-completions/count.ts";
import type { SlimRequest } from "../slim-chat/request.ts";
import { slimField } from "../slim-chat/request.ts";
import { passWhole, slimWhole } from "../../dialects/openai/whole-answer.ts";

const endpoint = "chat_completions";

/** /v1/chat/completions as the provider has it. */
export function passChat(request: ChatRequest): Way {
  const keepUsage = request.stream_options?.include_usage === true;
  return overChat((model) => chatBody(request, model), {
    codec: (gated) => createPassCodec(readChatEvent, { keepUsage, gated }),
    read: (text) => passWhole(text, readChatBody),
  });
}

const SLIM_NAMES = {
  messages: "input",
  reasoning_effort: "effort",
  response_format: "format",
  max_completion_tokens: "max_output_tokens",
};

const fieldOf = (param: string) => slimField(param, SLIM_NAMES);

/** /chat over Chat Completions. */
export const slimChat = (request: SlimRequest, formatName = "answer"): Way =>
  overChat((model) => chatBody(slimToChat(request, formatName), model, SLIM_NAMES), {
    fieldOf,
    codec: () => createSlimCodec(readChatEvent, fieldOf),
    read: (text) => slimWhole(text, readChatBody),
  });

function overChat(
  bodyFor: (model: Model) => RequestBody<ChatRequest>,
  form: Pick<Exchange, "fieldOf" | "codec" | "read">,
): Way {
  return {
    endpoint,
    prepare(model) {
      const { request: sent, ...body } = bodyFor(model);
      return { endpoint, ...body, ...form, count: () => countBody(sent), dialect: readChatEvent, words: chatWords };
    },
  };
}
