// Faults of a valid catalog in this deployment: unreachable providers, or a default without chat.

import type { Bindings } from "../../core/env.ts";
import { providerFaults } from "../../core/catalog/provider-access.ts";
import { resolveModel, toDay } from "../../core/catalog/resolve.ts";
import type { Catalog } from "../../core/catalog/schema.ts";
import { serves } from "../../core/catalog/support.ts";

/** Returns the faults that depend on this deployment or on the day of `now` (epoch ms). Each begins with its path. */
export function deploymentFaults(env: Bindings, catalog: Catalog, now: number): string[] {
  const unreachable = providerFaults(env, catalog);
  const resolution = resolveModel(catalog, "default", toDay(now));
  if (resolution.kind !== "found") {
    return [...unreachable, "aliases.default: leads to no active model; point it to a model that has not shut down"];
  }
  return serves(catalog, resolution.model.card, "chat_completions")
    ? unreachable
    : [...unreachable, `aliases.default: leads to '${resolution.model.id}', which has no chat`];
}
