// Chat requests as Weir has read them, and the body that the provider gets of them.

import * as v from "valibot";
import type { Model } from "../../src/core/catalog/resolve.ts";
import { passChat, slimChat } from "../../src/features/chat-completions/exchange.ts";
import type { ChatRequest } from "../../src/dialects/chat-completions/request.ts";
import { ChatRequestSchema } from "../../src/dialects/chat-completions/request.ts";
import { SlimRequest } from "../../src/features/slim-chat/request.ts";
import { bundledModel } from "./catalog-documents.ts";
import { prepared } from "./ways.ts";

type Json = Record<string, unknown>;

/** A request to /v1/chat/completions that says "Hi" and whatever else is given. */
export const chatRequest = (changes: Json = {}): ChatRequest =>
  v.parse(ChatRequestSchema, { model: "o4-mini", messages: [{ role: "user", content: "Hi" }], ...changes });

/** A request to /chat that says "Hi" and whatever else is given. */
export const slimRequest = (changes: Json = {}): SlimRequest => v.parse(SlimRequest, { input: "Hi", ...changes });

/** What the provider gets of a request to /v1/chat/completions, with 500 output tokens granted. */
export const writtenChat = (changes: Json = {}, model: Model = bundledModel("o4-mini")): Json =>
  JSON.parse(prepared(passChat(chatRequest(changes)), model).write(500)) as Json;

/** What the provider gets of a request to /chat, with 500 output tokens granted. */
export const writtenSlim = (changes: Json = {}, model: Model = bundledModel("o4-mini")): Json =>
  JSON.parse(prepared(slimChat(slimRequest(changes)), model).write(500)) as Json;
