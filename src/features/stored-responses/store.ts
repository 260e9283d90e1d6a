// The client of the providers' storage: finds an owner's answers and conversations.

import type { Catalog, Provider } from "../../core/catalog/schema.ts";
import { entry } from "../../core/catalog/schema.ts";
import { serves } from "../../core/catalog/support.ts";
import type { Bindings } from "../../core/env.ts";
import { ApiError, apiError } from "../../core/errors.ts";
import { jsonBody } from "../../core/gateway/exchange.ts";
import { callProvider, readText } from "../../core/gateway/provider.ts";
import { statusOf } from "../../core/gateway/provider-error.ts";
import { switchesOf } from "./catalog.ts";
import { readStored } from "./stamp.ts";

/** The id pattern of each kind, because the id becomes part of a URL, and the switch that allows the kind. */
const KINDS = {
  response: { id: /^resp_[\w-]{1,200}$/, allowedBy: "store" },
  conversation: { id: /^conv_[\w-]{1,200}$/, allowedBy: "conversations" },
} as const;
/** Added to the 404. OpenAI stores by default, so its clients may request an answer that was not stored. */
const HINTS = { response: ' Only answers to requests with "store": true are stored.', conversation: "" };
const TIMEOUT_MS = 30_000;

export type StoredKind = keyof typeof KINDS;

interface Found {
  provider: Provider;
  /** The provider's JSON text, unchanged. */
  text: string;
}

/** Finds a stored object and its provider. Throws 404 `not_found` when the owner has no object with that id. */
export async function findStored(
  env: Bindings,
  catalog: Catalog,
  kind: StoredKind,
  id: string,
  owner: string,
): Promise<Found> {
  requireKind(catalog, kind);
  let failure: unknown;
  for (const provider of KINDS[kind].id.test(id) ? storingProviders(catalog) : []) {
    try {
      const text = await callStorage(env, provider, `/${kind}s/${id}`);
      if (readStored(text)?.owner === owner) return { provider, text };
    } catch (error) {
      if (!isNotFound(error)) failure ??= error;
    }
  }
  throw failure ?? apiError("not_found", `You have no stored ${kind} '${id.slice(0, 100)}'.${HINTS[kind]}`);
}

/** Throws 404 `not_found` with the name of the switch when the catalog does not allow the kind. */
export function requireKind(catalog: Catalog, kind: StoredKind): void {
  const { allowedBy } = KINDS[kind];
  if (switchesOf(catalog)[allowedBy]) return;
  const message = `Stored ${kind}s are not allowed here. Operators allow them in the catalog: responses.${allowedBy}.`;
  throw apiError("not_found", message);
}

/** Returns the providers that serve Responses, which are the ones that can store objects. */
export function storingProviders(catalog: Catalog): Provider[] {
  const cards = Object.values(catalog.cards).filter((card) => serves(catalog, card, "responses"));
  const names = new Set(cards.map((card) => card.provider));
  return [...names].flatMap((name) => entry(catalog.providers, name) ?? []);
}

/** Sends a request to a provider's storage and returns the JSON text. Throws an ApiError. */
export async function callStorage(
  env: Bindings,
  provider: Provider,
  path: string,
  { method, body }: { method?: "POST" | "DELETE"; body?: string } = {},
): Promise<string> {
  const request = { path, ...(method ? { method } : {}), ...(body === undefined ? {} : jsonBody(body)) };
  return readText(await callProvider(env, provider, request, AbortSignal.timeout(TIMEOUT_MS)));
}

/** The provider has no such object, or does not support storage. */
const isNotFound = (error: unknown) => error instanceof ApiError && [400, 404, 405, 501].includes(statusOf(error));
