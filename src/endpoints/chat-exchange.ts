// The two ways to have a chat over Chat Completions: passed on as it is, and slim.

import type { Model } from "../catalog/resolve.ts";
import { apiError } from "../errors.ts";
import type { Piece, Progress } from "../stream/answer.ts";
import { emptyProgress, note } from "../stream/answer.ts";
import { createPassCodec } from "../stream/pass.ts";
import { createSlimCodec, createToolCollector, toSummary } from "../stream/slim.ts";
import { readChatBody, readChatEvent } from "./chat-answer.ts";
import { chatBody } from "./chat-body.ts";
import type { ChatRequest } from "./chat-request.ts";
import { slimToChat } from "./chat-slim.ts";
import { countBody } from "./input-count.ts";
import type { Exchange, WholeAnswer } from "./exchange.ts";
import type { SlimRequest } from "./slim-request.ts";

/** /v1/chat/completions as the provider has it. */
export function passChat(request: ChatRequest, model: Model): Exchange {
  const keepUsage = request.stream_options?.include_usage === true;
  const { request: sent, ...body } = chatBody(request, model);
  return {
    endpoint: "chat_completions",
    ...body,
    count: () => countBody(sent),
    codec: () => createPassCodec(readChatEvent, keepUsage),
    read: (text) => ({ progress: readWhole(text).progress, conclude: () => text }),
  };
}

const SLIM_NAMES = { messages: "input", reasoning_effort: "effort", response_format: "format" };

/** /chat over Chat Completions. */
export function slimChat(request: SlimRequest, model: Model): Exchange {
  const { request: sent, ...body } = chatBody(slimToChat(request), model, SLIM_NAMES);
  return {
    endpoint: "chat_completions",
    ...body,
    count: () => countBody(sent),
    codec: () => createSlimCodec(readChatEvent),
    read(answer): WholeAnswer {
      const { progress, text, tools } = readWhole(answer);
      const calls = tools.length > 0 ? { tools } : {};
      return { progress, conclude: (settled) => JSON.stringify({ text, ...calls, ...toSummary(progress, settled) }) };
    },
  };
}

function readWhole(body: string) {
  const progress: Progress = emptyProgress();
  const collector = createToolCollector();
  let text = "";
  for (const piece of piecesOf(body)) {
    note(progress, piece);
    if (piece.kind === "text") text += piece.text;
    if (piece.kind === "tool") collector.add(piece);
  }
  return { progress, text, tools: collector.take(progress) };
}

function piecesOf(body: string): Piece[] {
  try {
    const pieces = readChatBody(body);
    if (pieces.some(({ kind }) => kind === "finish")) return pieces;
    throw new Error("a completion without a finish_reason");
  } catch (cause) {
    throw apiError("provider_error", "The model's answer could not be read. Please try again.", { cause });
  }
}
