// Answers that a provider keeps: found by their id, for their owner alone.

import type { Catalog, Provider } from "../catalog/schema.ts";
import { serves } from "../catalog/support.ts";
import { readStored } from "../endpoints/stored-response.ts";
import type { Bindings } from "../env.ts";
import { ApiError, apiError } from "../errors.ts";
import { callProvider, readWhole } from "./call.ts";

/** Ids of a provider; nothing else may become part of a URL. */
const ID = /^resp_[\w-]{1,200}$/;
const ANSWER_MS = 30_000;

export interface StoredResponse {
  provider: Provider;
  /** Its JSON as the provider gave it. */
  text: string;
  stored: NonNullable<ReturnType<typeof readStored>>;
}

/** The stored response of that id. Throws 404 `not_found` when there is none of that owner. */
export async function findResponse(
  env: Bindings,
  catalog: Catalog,
  id: string,
  owner: string,
): Promise<StoredResponse> {
  if (!catalog.responses.store) {
    throw apiError("not_found", "No responses are stored here. Operators allow it in the catalog: responses.store.");
  }
  for (const provider of ID.test(id) ? keepersOf(catalog) : []) {
    const text = await askAbout(env, provider, id).catch(orNothing);
    const stored = text === undefined ? undefined : readStored(text);
    if (text !== undefined && stored?.owner === owner) return { provider, text, stored };
  }
  throw apiError("not_found", `There is no response '${id.slice(0, 100)}' of yours.`);
}

/** What is asked of a response's route; itself when absent. */
export interface About {
  method?: "GET" | "POST" | "DELETE";
  rest?: "/cancel" | `/input_items?${string}`;
}

/** What the provider answers to one of a response's routes, as JSON text. Throws an ApiError. */
export async function askAbout(env: Bindings, provider: Provider, id: string, about: About = {}): Promise<string> {
  if (!ID.test(id)) throw apiError("not_found", "There is no such response.");
  const { rest = "", ...method } = about;
  const request = { path: `/responses/${id}${rest}`, ...method };
  return readWhole(await callProvider(env, provider, request, AbortSignal.timeout(ANSWER_MS)));
}

/** The providers that can have stored an answer. */
function keepersOf(catalog: Catalog): Provider[] {
  const cards = Object.values(catalog.cards).filter((card) => serves(catalog, card, "responses"));
  const names = new Set(cards.map((card) => card.provider));
  return [...names].flatMap((name) => catalog.providers[name] ?? []);
}

function orNothing(error: unknown): undefined {
  if (error instanceof ApiError && error.status === 404) return undefined;
  throw error;
}
