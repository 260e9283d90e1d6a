// Chats held against the card of the model that answers them on a day, as they are before anything is reserved.

import { chooseModel } from "../../src/core/catalog/choose.ts";
import type { Model } from "../../src/core/catalog/resolve.ts";
import type { Catalog } from "../../src/core/catalog/schema.ts";
import { requireSupport } from "../../src/core/catalog/support.ts";
import { passChat, slimChat } from "../../src/features/chat-completions/exchange.ts";
import type { Exchange } from "../../src/core/gateway/exchange.ts";
import { bundledCatalog } from "./catalog-documents.ts";
import { chatRequest, slimRequest } from "./chat-requests.ts";
import { prepared } from "./ways.ts";

type Json = Record<string, unknown>;

/** Under which catalog, for which name and on which day (YYYY-MM-DD) somebody asks. */
export interface Asking {
  catalog?: Catalog;
  asked?: string;
  day?: string;
}

const BUNDLED = bundledCatalog();

function exchangeFor(toExchange: (model: Model) => Exchange, asking: Asking): Exchange {
  const { catalog = BUNDLED, asked = "o4-mini", day = "2026-10-01" } = asking;
  const now = Date.parse(day);
  const { model } = chooseModel(catalog, asked, now);
  const exchange = toExchange(model);
  requireSupport(catalog, model, exchange.needs, now);
  return exchange;
}

/** What the provider gets of a request to /v1/chat/completions. Throws what the caller is refused with. */
export function gatedChat(changes: Json = {}, asking: Asking = {}): Json {
  return JSON.parse(exchangeFor((model) => prepared(passChat(chatRequest(changes)), model), asking).write(500)) as Json;
}

/** What the provider gets of a request to /chat. Throws what the caller is refused with. */
export function gatedSlim(changes: Json = {}, asking: Asking = {}): Json {
  return JSON.parse(exchangeFor((model) => prepared(slimChat(slimRequest(changes)), model), asking).write(500)) as Json;
}

/** The models that a refusal names. */
export function modelsNamed(message: string): string[] {
  return /Models that do: ([^ ]+(?:, [^ ]+)*)\.(?: |$)/.exec(message)?.[1]?.split(", ") ?? [];
}
