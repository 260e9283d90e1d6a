// Catalogs with moderation, and scripted messages for the emulated provider and its classifier.

import type { Script } from "../../../../dev/provider/kernel/script.ts";
import type { Catalog } from "../../../../src/core/catalog/schema.ts";
import { createCatalog } from "../../../support/catalog.ts";
import { complete } from "../../../support/catalog-documents.ts";
import { emulate } from "../../../support/emulation.ts";

interface Moderated {
  /** The moderation of the alias o4-mini. */
  alias?: object;
  /** The moderation of the default plan. */
  plan?: object;
  /** Fields of the policy `default`. */
  policy?: object;
  policies?: Record<string, object>;
  /** The catalog section of stored responses. */
  responses?: object;
  timing?: Partial<Catalog["timing"]>;
}

/** The tests' catalog with moderation. */
export function moderatedCatalog({ alias, plan, policy, policies, responses, timing }: Moderated): Catalog {
  const catalog = createCatalog(timing);
  const { "o4-mini": mini } = catalog.aliases;
  const { roomy } = catalog.plans;
  return complete({
    ...catalog,
    aliases: { ...catalog.aliases, "o4-mini": { ...mini, ...(alias && { moderation: alias }) } },
    plans: { ...catalog.plans, roomy: { ...roomy, ...(plan && { moderation: plan }) } },
    policies: { default: { otherwise: "block", ...policy }, ...policies },
    ...(responses && { responses }),
  });
}

/** Windows of exactly `max_chars` characters, regardless of sentences and time. */
export const windowsOf = (max_chars: number) => ({ max_chars, max_ms: 60_000, overlap_chars: 1 });

/** A message that scripts the provider's answer, and a text for the classifier. */
export const message = (script: Script, text = "") => `${emulate(script)}\n${text}`;
