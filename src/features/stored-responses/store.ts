// What a provider keeps of its users: found by its id, for its owner alone.

import type { Catalog, Provider } from "../../core/catalog/schema.ts";
import { serves } from "../../core/catalog/support.ts";
import { readStored } from "./stamp.ts";
import type { Bindings } from "../../core/env.ts";
import { ApiError, apiError } from "../../core/errors.ts";
import { callProvider, readWhole } from "../../core/gateway/provider.ts";
import { statusOf } from "../../core/gateway/provider-error.ts";

/** How ids of a provider begin; nothing else may become part of a URL. And the switch that allows to keep such. */
const KINDS = {
  response: { id: /^resp_[\w-]{1,200}$/, allowedBy: "store" },
  conversation: { id: /^conv_[\w-]{1,200}$/, allowedBy: "conversations" },
} as const;
const ANSWER_MS = 30_000;

export type Kind = keyof typeof KINDS;

interface Found {
  provider: Provider;
  /** Its JSON as the provider gave it. */
  text: string;
}

/** The stored thing of that id. Throws 404 `not_found` when there is none of that owner. */
export async function findStored(
  env: Bindings,
  catalog: Catalog,
  kind: Kind,
  id: string,
  owner: string,
): Promise<Found> {
  requireKept(catalog, kind);
  let failure: unknown;
  for (const provider of KINDS[kind].id.test(id) ? keepersOf(catalog) : []) {
    try {
      const text = await askStore(env, provider, `/${kind}s/${id}`);
      if (readStored(text)?.owner === owner) return { provider, text };
    } catch (error) {
      if (!hasNone(error)) failure ??= error;
    }
  }
  throw failure ?? apiError("not_found", `There is no ${kind} '${id.slice(0, 100)}' of yours.`);
}

/** Throws 404 `not_found`, with the name of the switch, where nothing of that kind is kept. */
export function requireKept(catalog: Catalog, kind: Kind): void {
  const { allowedBy } = KINDS[kind];
  if (catalog.responses[allowedBy]) return;
  const message = `No ${kind}s are stored here. Operators allow it in the catalog: responses.${allowedBy}.`;
  throw apiError("not_found", message);
}

/** The providers that can have stored something. */
export function keepersOf(catalog: Catalog): Provider[] {
  const cards = Object.values(catalog.cards).filter((card) => serves(catalog, card, "responses"));
  const names = new Set(cards.map((card) => card.provider));
  return [...names].flatMap((name) => catalog.providers[name] ?? []);
}

/** What the provider answers, as JSON text. Throws an ApiError. */
export async function askStore(
  env: Bindings,
  provider: Provider,
  path: string,
  how: { method?: "GET" | "POST" | "DELETE"; body?: string } = {},
): Promise<string> {
  return readWhole(await callProvider(env, provider, { path, ...how }, AbortSignal.timeout(ANSWER_MS)));
}

/** Whether a provider has said that there is no such thing, or that it keeps nothing. */
const hasNone = (error: unknown) => error instanceof ApiError && [400, 404, 405, 501].includes(statusOf(error));
