// POST /chat as its caller sees it over either dialect, without what differs from one answer to the next.

import type { Endpoint } from "../../../../src/core/catalog/endpoints.ts";
import type { Caller } from "../../../support/caller.ts";
import { createCatalog } from "../../../support/catalog.ts";
import { readSlim } from "../../../support/slim-stream.ts";
import { createUser, emulation, useCatalog } from "../../../support/workerd.ts";

type Json = Record<string, unknown>;

/** Each dialect, with the provider's route. */
const DIALECTS: [Endpoint, string][] = [
  ["chat_completions", "/v1/chat/completions"],
  ["responses", "/v1/responses"],
];

/** The tests' catalog, in which o4-mini has that endpoint alone. */
export async function useDialect(endpoint: Endpoint): Promise<void> {
  const catalog = createCatalog();
  const { "o4-mini": card } = catalog.cards;
  await useCatalog({ ...catalog, cards: { ...catalog.cards, "o4-mini": { ...card, endpoints: [endpoint] } } });
}

/** A response: its events, or its object where it is not streamed or is an error. */
export interface Received {
  status: number;
  events?: unknown[];
  object?: Json;
}

export async function askDialect(user: Caller, body: Json): Promise<Received> {
  const response = await user.post("/chat", body);
  const bytes = new Uint8Array(await response.arrayBuffer());
  const { status } = response;
  if (response.headers.get("content-type")?.startsWith("text/event-stream")) {
    return withoutIds({ status, events: readSlim(bytes) });
  }
  return withoutIds({ status, object: JSON.parse(new TextDecoder().decode(bytes)) as Json });
}

/** The response to a new user over each dialect. Throws when the provider was asked in another one. */
export async function askBoth(body: Json): Promise<[Received, Received]> {
  const received: Received[] = [];
  for (const [endpoint, path] of DIALECTS) {
    await useDialect(endpoint);
    await emulation.zero();
    received.push(await askDialect(await createUser(), body));
    const { by_path: paths } = await emulation.stats();
    if (paths[path] === undefined) throw new Error(`${endpoint} was asked at ${Object.keys(paths).join(", ")}`);
  }
  return received as [Received, Received];
}

/** Replaces the provider's call ids, which differ from one answer to the next. */
function withoutIds(received: Received): Received {
  return JSON.parse(JSON.stringify(received).replaceAll(/"id":"call_\w+"/g, '"id":"call"')) as Received;
}
