// The slim chat as its caller knows it, over either of the dialects in which a model can be asked: what is sent, and
// what is heard, without what differs from one answer to the next.

import type { Endpoint } from "../../src/core/catalog/endpoints.ts";
import type { Caller } from "./caller.ts";
import { createCatalog } from "./catalog.ts";
import { readSlim } from "./slim-stream.ts";
import { createUser, emulation, useCatalog } from "./workerd.ts";

type Json = Record<string, unknown>;

/** Each dialect, with the provider's route. */
export const DIALECTS: [Endpoint, string][] = [
  ["chat_completions", "/v1/chat/completions"],
  ["responses", "/v1/responses"],
];

/** The tests' catalog, in which o4-mini has that endpoint alone. */
export async function useDialect(endpoint: Endpoint): Promise<void> {
  const catalog = createCatalog();
  const { "o4-mini": card } = catalog.cards;
  await useCatalog({ ...catalog, cards: { ...catalog.cards, "o4-mini": { ...card, endpoints: [endpoint] } } });
}

/** What a caller gets: the status, and the events, or the object of an answer that is not streamed or is an error. */
export interface Heard {
  status: number;
  events?: unknown[];
  object?: Json;
}

export async function hear(user: Caller, body: Json): Promise<Heard> {
  const response = await user.post("/chat", body);
  const bytes = new Uint8Array(await response.arrayBuffer());
  const { status } = response;
  if (response.headers.get("content-type")?.startsWith("text/event-stream")) {
    return withoutIds({ status, events: readSlim(bytes) });
  }
  return withoutIds({ status, object: JSON.parse(new TextDecoder().decode(bytes)) as Json });
}

/** What is heard over each dialect by a new user; throws when the provider was asked in another one. */
export async function hearInBoth(body: Json): Promise<[Heard, Heard]> {
  const heard: Heard[] = [];
  for (const [endpoint, path] of DIALECTS) {
    await useDialect(endpoint);
    await emulation.zero();
    heard.push(await hear(await createUser(), body));
    const { last } = await emulation.stats();
    if (last?.path !== path) throw new Error(`${endpoint} was asked at ${last?.path}`);
  }
  return heard as [Heard, Heard];
}

/** The provider's ids of calls differ from one answer to the next. */
function withoutIds(heard: Heard): Heard {
  return JSON.parse(JSON.stringify(heard).replaceAll(/"id":"call_\w+"/g, '"id":"call"')) as Heard;
}
