// What is wrong with a catalog here and now, though it is one: callers would get nothing but errors of it.

import type { Bindings } from "../../core/env.ts";
import { toApiError } from "../../core/errors.ts";
import { providerAccess } from "../../core/catalog/provider-access.ts";
import { resolveModel, toDay } from "../../core/catalog/resolve.ts";
import type { Catalog } from "../../core/catalog/schema.ts";
import { serves } from "../../core/catalog/support.ts";

/** Faults that this deployment, or the day of `now` (epoch ms), makes: each with its path. */
export function deploymentFaults(env: Bindings, catalog: Catalog, now: number): string[] {
  const used = new Set(Object.values(catalog.cards).map(({ provider }) => provider));
  const unreachable = Object.entries(catalog.providers).flatMap(([name, provider]) => {
    if (!used.has(name)) return [];
    try {
      providerAccess(env, provider);
      return [];
    } catch (error) {
      return [`providers.${name}: ${String(toApiError(error).cause)}`];
    }
  });
  const answer = resolveModel(catalog, "default", toDay(now));
  if (answer.kind !== "found") return [...unreachable, "aliases.default: leads to no model that is alive"];
  return serves(catalog, answer.model.card, "chat_completions")
    ? unreachable
    : [...unreachable, `aliases.default: leads to '${answer.model.id}', which has no chat`];
}
