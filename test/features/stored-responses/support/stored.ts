// Catalogs with switches of stored responses, requests, and access to stored objects.

import type { Plan } from "../../../../src/core/catalog/schema.ts";
import type { ResponsesSwitches } from "../../../../src/features/stored-responses/catalog.ts";
import type { Caller } from "../../../support/caller.ts";
import { createCatalogOf } from "../../../support/catalog.ts";
import { emulate } from "../../../support/emulation.ts";
import type { createUser } from "../../../support/workerd.ts";
import { withSwitches } from "./switched-catalog.ts";
import { emulated, upstream } from "../../../support/providers.ts";

export const PATH = "/v1/responses";
export const COUNTER = `${PATH}/input_tokens`;
export const CONVERSATIONS = "/v1/conversations";

export const STORING = { store: true, background: true };
/** The fields of a background request. */
export const LATER = { store: true, background: true };

/** The tests' catalog with these switches, and other limits in its default plan. */
export const createSwitchedCatalog = (switches: Partial<ResponsesSwitches>, plan: Partial<Plan> = {}) =>
  withSwitches(createCatalogOf(plan), switches);

/** A request with a scripted answer. */
export const asking = (script: object, changes: object = {}) => ({
  model: "o4-mini",
  input: emulate(script),
  ...changes,
});

export interface Answer {
  id: string;
  model: string;
  status: string;
  metadata: Record<string, string>;
  usage: { input_tokens: number; output_tokens: number; total_tokens: number } | null;
  output: { type: string }[];
}

/** The answer to a body, which must succeed. */
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

/** A new conversation of a user. */
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

/** The emulated provider, with the test's own token counts. */
export const countingProvider = (count: () => Response) =>
  upstream((request) => (new URL(request.url).pathname === COUNTER ? count() : emulated(request)));

async function visit<Body>(user: Caller, path: string, method: string): Promise<Visit<Body>> {
  const response = await user.get(path, { method });
  return { status: response.status, body: (await response.json()) as Visit<Body>["body"] };
}

async function served<Body>(response: Response): Promise<Body> {
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
  return (await response.json()) as Body;
}
