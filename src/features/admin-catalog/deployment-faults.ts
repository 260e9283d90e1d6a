// Faults of a valid catalog in this deployment: unreachable providers, or a default without chat.

import type { Bindings } from "../../core/env.ts";
import { toApiError } from "../../core/errors.ts";
import { providerAccess } from "../../core/catalog/provider-access.ts";
import { resolveModel, toDay } from "../../core/catalog/resolve.ts";
import type { Catalog } from "../../core/catalog/schema.ts";
import { serves } from "../../core/catalog/support.ts";

/** Returns the faults that depend on this deployment or on the day of `now` (epoch ms). Each begins with its path. */
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
  const resolution = resolveModel(catalog, "default", toDay(now));
  if (resolution.kind !== "found") {
    return [...unreachable, "aliases.default: leads to no active model; point it to a model that has not shut down"];
  }
  return serves(catalog, resolution.model.card, "chat_completions")
    ? unreachable
    : [...unreachable, `aliases.default: leads to '${resolution.model.id}', which has no chat`];
}
