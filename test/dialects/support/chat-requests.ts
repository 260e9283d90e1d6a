// Chat Completions requests after validation, and the body that the provider receives for them.

import * as v from "valibot";
import { chooseModel } from "../../../src/core/catalog/choose.ts";
import type { Model } from "../../../src/core/catalog/resolve.ts";
import type { Catalog } from "../../../src/core/catalog/schema.ts";
import { requireSupport } from "../../../src/core/catalog/support.ts";
import { chatBody } from "../../../src/dialects/chat-completions/body.ts";
import type { ChatRequest } from "../../../src/dialects/chat-completions/request.ts";
import { ChatRequestSchema } from "../../../src/dialects/chat-completions/request.ts";
import { bundledCatalog, bundledModel } from "../../support/catalog-documents.ts";

type Json = Record<string, unknown>;

const O4_MINI = bundledModel("o4-mini");

/** Under which catalog, for which name and on which day (YYYY-MM-DD) a caller asks. */
export interface Asking {
  catalog?: Catalog;
  requestedName?: string;
  day?: string;
}

/** A chat request that says "Hi", with changed fields. */
export const chatRequest = (changes: Json = {}): ChatRequest =>
  v.parse(ChatRequestSchema, { model: "o4-mini", messages: [{ role: "user", content: "Hi" }], ...changes });

/** The prepared body of a chat request. Throws the refusal. */
export const preparedChat = (changes: Json = {}, model: Model = O4_MINI) => chatBody(chatRequest(changes), model);

/** The JSON that the provider receives, with 500 output tokens granted. */
export const writtenChat = (...how: Parameters<typeof preparedChat>): Json =>
  JSON.parse(preparedChat(...how).write(500)) as Json;

/** The same, after the model's card was checked for what the request needs. Throws the refusal. */
export function gatedChat(changes: Json = {}, asking: Asking = {}): Json {
  const { catalog = bundledCatalog(), requestedName = "o4-mini", day = "2026-10-01" } = asking;
  const now = Date.parse(day);
  const { model } = chooseModel(catalog, requestedName, now);
  const body = preparedChat(changes, model);
  requireSupport(catalog, model, body.needs, now);
  return JSON.parse(body.write(500)) as Json;
}
