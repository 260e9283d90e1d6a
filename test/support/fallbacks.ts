// An app's alias with others to ask when its own model fails, and the ways in which it can fail.

import type { Catalog, Plan } from "../../src/core/catalog/schema.ts";
import { createCatalogOf, RESPONDENT, toAlias } from "./catalog.ts";
import type { Fault } from "./providers.ts";

/** Who is asked, in this order: over Chat Completions, over Responses where there is a choice, over Chat Completions. */
export const FIRST = "o4-mini-2025-04-16";
export const SECOND = "emulated-respondent";
export const THIRD = "gpt-5-mini-2025-08-07";
export const ALIAS = "sturdy";

/** Nano-dollars a token, of the second one. */
export const SECOND_RATES = { input: 3000, output: 7000 };

/** The tests' catalog, in which the second one has prices of its own; other limits in its default plan. */
export function createSturdyCatalog(plan: Partial<Plan> = {}, timing: Partial<Catalog["timing"]> = {}): Catalog {
  const catalog = createCatalogOf(plan, timing);
  const { [RESPONDENT]: second } = catalog.cards;
  if (!second) throw new Error("there is no second model");
  const cards = { ...catalog.cards, [RESPONDENT]: { ...second, prices: { input: 3, output: 7 } } };
  const aliases = { ...catalog.aliases, [ALIAS]: toAlias(FIRST, { fallback: [RESPONDENT, "gpt-5-mini"] }) };
  return { ...catalog, cards, aliases };
}

/** A provider's refusal. */
export const status =
  (code: number, headers: Record<string, string> = {}): Fault =>
  () =>
    Response.json(
      { error: { message: "No.", type: "server_error", param: null, code: null } },
      { status: code, headers },
    );

/** A provider's stream that says no more than that. */
export const streamOf =
  (...events: string[]): Fault =>
  () =>
    new Response(events.join(""), { headers: { "content-type": "text/event-stream" } });

export const unreachable: Fault = () => Promise.reject(new Error("connection refused"));
