// Catalogs for tests: the bundled one, complete, and the smallest document that a test can bend.

import bundled from "../../src/core/catalog/default.json" with { type: "json" };
import type { Model } from "../../src/core/catalog/resolve.ts";
import { resolveModel } from "../../src/core/catalog/resolve.ts";
import type { ModelCard } from "../../src/core/catalog/card.ts";
import type { Catalog } from "../../src/core/catalog/schema.ts";
import { parseCatalog, readCatalog } from "../../src/core/catalog/parse.ts";

/** A catalog document as somebody would write it: any JSON. */
export type Document = Record<string, unknown>;

/** The catalog that a document becomes; throws with its faults. */
export function complete(document: unknown): Catalog {
  const parsed = parseCatalog(document);
  if (!parsed.ok) throw new Error(parsed.faults.join("; "));
  return parsed.catalog;
}

/** The bundled catalog. A test that reads a feature's section imports src/features.ts first. */
export function bundledCatalog(): Catalog {
  const read = readCatalog(bundled);
  if (!read.ok) throw new Error(read.faults.join("; "));
  return read.catalog;
}

/** The bundled catalog's model for a name on a day. */
export function bundledModel(requestedName: string, today = "2026-10-01"): Model {
  const resolution = resolveModel(bundledCatalog(), requestedName, today);
  if (resolution.kind !== "found") throw new Error(`${requestedName} is ${resolution.kind} on ${today}`);
  return resolution.model;
}

export const bundledCard = (requestedName: string): ModelCard => bundledModel(requestedName).card;

/** The shortest card: text in, text out, over Chat Completions. */
export function cardDocument(snapshots: Document, changes: Document = {}): Document {
  return {
    provider: "house",
    name: "A model",
    modalities: { input: ["text"], output: ["text"] },
    endpoints: ["chat_completions"],
    snapshots,
    ...changes,
  };
}

/** The shortest catalog: one provider, one card with one snapshot, one alias, one plan. */
export function catalogDocument(changes: Document = {}): Document {
  return {
    schema: 1,
    providers: { house: { base_url: "https://models.test/v1", key_variable: "HOUSE_API_KEY" } },
    cards: { swift: cardDocument({ "swift-1": {} }) },
    aliases: { default: { target: "swift-1" } },
    default_plan: "free",
    plans: { free: { windows: [{ unit: "tokens", per: "day", limit: 1000 }], concurrent: 1, max_output_tokens: 100 } },
    ...changes,
  };
}
