// Validated Chat Completions requests, and the body that the provider receives for them.

import * as v from "valibot";
import { chooseModel } from "../../../src/core/catalog/choose.ts";
import type { Model } from "../../../src/core/catalog/resolve.ts";
import type { Catalog } from "../../../src/core/catalog/schema.ts";
import { requireSupport } from "../../../src/core/catalog/support.ts";
import { chatBody } from "../../../src/dialects/chat-completions/body.ts";
import type { ChatRequest } from "../../../src/dialects/chat-completions/request.ts";
import { ChatRequestSchema } from "../../../src/dialects/chat-completions/request.ts";
import { bundledCatalog, bundledModel } from "../../support/catalog-documents.ts";
import type { Json } from "./responses-events.ts";
import { sentJson } from "./responses-requests.ts";

const O4_MINI = bundledModel("o4-mini");

/** The catalog, the model name and the day (YYYY-MM-DD) of a request. */
export interface Asking {
  catalog?: Catalog;
  requestedName?: string;
  day?: string;
}

/** A chat request with the text "Hi" and changed fields. */
export const chatRequest = (changes: Json = {}): ChatRequest =>
  v.parse(ChatRequestSchema, { model: "o4-mini", messages: [{ role: "user", content: "Hi" }], ...changes });

/** The prepared body of a chat request. Throws the refusal. */
export const preparedChat = (changes: Json = {}, model: Model = O4_MINI) => chatBody(chatRequest(changes), model);

/** The JSON that the provider receives, with 500 output tokens granted. */
export const writtenChat = (...how: Parameters<typeof preparedChat>): Json => sentJson(preparedChat(...how));

/** The same, after the check of the model's card. Throws the refusal. */
export function gatedChat(changes: Json = {}, asking: Asking = {}): Json {
  const { catalog = bundledCatalog(), requestedName = "o4-mini", day = "2026-10-01" } = asking;
  const now = Date.parse(day);
  const { model } = chooseModel(catalog, requestedName, now);
  const body = preparedChat(changes, model);
  requireSupport(catalog, model, body.needs, now);
  return sentJson(body);
}
