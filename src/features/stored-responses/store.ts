// Finds what a provider has stored, for its owner alone.

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

/** The form of each kind's ids, since nothing else may become part of a URL; and the switch that allows the kind. */
const KINDS = {
  response: { id: /^resp_[\w-]{1,200}$/, allowedBy: "store" },
  conversation: { id: /^conv_[\w-]{1,200}$/, allowedBy: "conversations" },
} as const;
const ANSWER_MS = 30_000;

export type StoredKind = keyof typeof KINDS;

interface Found {
  provider: Provider;
  /** Its JSON as the provider gave it. */
  text: string;
}

/** The stored thing of that id. Throws 404 `not_found` when that owner has none. */
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
      const text = await askStore(env, provider, `/${kind}s/${id}`);
      if (readStored(text)?.owner === owner) return { provider, text };
    } catch (error) {
      if (!hasNone(error)) failure ??= error;
    }
  }
  throw failure ?? apiError("not_found", `There is no ${kind} '${id.slice(0, 100)}' of yours.`);
}

/** Throws 404 `not_found`, with the name of the switch, when the catalog does not allow that kind. */
export function requireKind(catalog: Catalog, kind: StoredKind): void {
  const { allowedBy } = KINDS[kind];
  if (switchesOf(catalog)[allowedBy]) return;
  const message = `No ${kind}s are stored here. Operators allow it in the catalog: responses.${allowedBy}.`;
  throw apiError("not_found", message);
}

/** The providers that serve Responses, and so may have stored something. */
export function storingProviders(catalog: Catalog): Provider[] {
  const cards = Object.values(catalog.cards).filter((card) => serves(catalog, card, "responses"));
  const names = new Set(cards.map((card) => card.provider));
  return [...names].flatMap((name) => entry(catalog.providers, name) ?? []);
}

/** The provider's answer, as JSON text. Throws an ApiError. */
export async function askStore(
  env: Bindings,
  provider: Provider,
  path: string,
  { method, body }: { method?: "POST" | "DELETE"; body?: string } = {},
): Promise<string> {
  const request = { path, ...(method ? { method } : {}), ...(body === undefined ? {} : jsonBody(body)) };
  return readText(await callProvider(env, provider, request, AbortSignal.timeout(ANSWER_MS)));
}

/** Whether a provider has answered that it has no such thing, or that it stores nothing. */
const hasNone = (error: unknown) => error instanceof ApiError && [400, 404, 405, 501].includes(statusOf(error));
