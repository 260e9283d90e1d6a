// What /v1/responses can do beyond answering, switched on: the tests' catalog with it, and what is asked.

import type { Catalog, Plan } from "../../src/core/catalog/schema.ts";
import { createCatalogOf } from "./catalog.ts";
import type { Caller } from "./caller.ts";
import { emulate } from "./emulation.ts";

export const PATH = "/v1/responses";

/** The tests' catalog with those switches, and other limits in its default plan. */
export function createSwitchedCatalog(switches: Partial<Catalog["responses"]>, plan: Partial<Plan> = {}): Catalog {
  const catalog = createCatalogOf(plan);
  return { ...catalog, responses: { ...catalog.responses, ...switches } };
}

export const STORING = { store: true, background: true };

/** A question that the provider answers as scripted; `question` follows it. */
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
  const response = await user.post(PATH, body);
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
  return (await response.json()) as Answer;
}

/** What a path of a stored response answers. */
export async function look(user: Caller, path: string, method = "GET") {
  const response = await user.get(`${PATH}/${path}`, { method });
  return { status: response.status, body: (await response.json()) as Answer & { error?: { code: string } } };
}
