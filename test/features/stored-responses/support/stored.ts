// What /v1/responses can keep, switched on: the tests' catalog with it, requests, and visits to what was kept.

import type { Catalog, Plan } from "../../../../src/core/catalog/schema.ts";
import type { Caller } from "../../../support/caller.ts";
import { createCatalogOf } from "../../../support/catalog.ts";
import { emulate } from "../../../support/emulation.ts";
import type { createUser } from "../../../support/workerd.ts";
import { bindings } from "../../../support/workerd.ts";

export const PATH = "/v1/responses";
export const COUNTER = `${PATH}/input_tokens`;
export const CONVERSATIONS = "/v1/conversations";

export const STORING = { store: true, background: true };
/** A request that goes on in the background. */
export const LATER = { store: true, background: true };

/** The tests' catalog with those switches, and other limits in its default plan. */
export function createSwitchedCatalog(switches: Partial<Catalog["responses"]>, plan: Partial<Plan> = {}): Catalog {
  const catalog = createCatalogOf(plan);
  return { ...catalog, responses: { ...catalog.responses, ...switches } };
}

/** A request that the provider answers as scripted. */
export const asking = (script: object, changes: object = {}) => ({
  model: "o4-mini",
  input: emulate(script),
  ...changes,
});

export interface Answer {
  id: string;
  status: string;
  metadata: Record<string, string>;
  usage: { input_tokens: number; output_tokens: number; total_tokens: number } | null;
  output: { type: string }[];
}

/** The answer to a body, which must be served. */
export async function respond(user: Caller, body: object): Promise<Answer> {
  return served<Answer>(await user.post(PATH, body));
}

export interface Visit<Body> {
  status: number;
  body: Body & { error?: { code: string; message: string; param: string | null } };
}

/** The response of a path below /v1/responses. */
export const look = (user: Caller, path: string, method = "GET") => visit<Answer>(user, `${PATH}/${path}`, method);

export interface Conversation {
  id: string;
  object: string;
  metadata: Record<string, string>;
}

/** A new conversation of a user's, which must be made. */
export async function converse(user: Caller, body: object = {}): Promise<Conversation> {
  return served<Conversation>(await user.post(CONVERSATIONS, body));
}

/** The response of a path below /v1/conversations. */
export const lookAt = (user: Caller, path: string, method = "GET") =>
  visit<Conversation>(user, `${CONVERSATIONS}/${path}`, method);

/** The roles in a conversation, the oldest first; the type of an item that is no message. */
export async function turnsOf(user: Caller, id: string): Promise<string[]> {
  const { body } = await lookAt(user, `${id}/items?order=asc&limit=100`);
  const { data } = body as unknown as { data: { type: string; role?: string }[] };
  return data.map(({ type, role }) => role ?? type).filter((turn) => turn !== "reasoning");
}

/** An operator's block, or a revocation of all tokens. */
export async function restrict({ quota }: Awaited<ReturnType<typeof createUser>>, kind: "block" | "revoke") {
  const change = { id: crypto.randomUUID(), at: Date.now(), reason: "a test" };
  await quota.change(kind === "block" ? { ...change, kind } : { ...change, kind, before: Date.now() });
}

/** The emulated provider, with counts of input tokens that a test gives. */
export const countingProvider = (count: () => Response | Promise<Response>, asked: string[] = []) => ({
  UPSTREAM: {
    fetch(request: Request) {
      const { pathname } = new URL(request.url);
      asked.push(`${request.method} ${pathname}`);
      return pathname === COUNTER ? count() : bindings.UPSTREAM?.fetch(request);
    },
  } as unknown as Fetcher,
});

async function visit<Body>(user: Caller, path: string, method: string): Promise<Visit<Body>> {
  const response = await user.get(path, { method });
  return { status: response.status, body: (await response.json()) as Visit<Body>["body"] };
}

async function served<Body>(response: Response): Promise<Body> {
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
  return (await response.json()) as Body;
}
