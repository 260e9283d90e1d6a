// The catalog of a run on its way to the object: as text, which each isolate parses once.
// All runs of an isolate then share one catalog, and what is cached for its parts: limits and rates.

import { setNewest } from "../../core/bounded-map.ts";
import type { Catalog } from "../../core/catalog/schema.ts";

const texts = new WeakMap<Catalog, string>();
/** Catalogs by their text. A canary is in use beside the active one. */
const catalogs = new Map<string, Catalog>();
const MAX_CATALOGS = 4;

/** Returns the JSON text of a catalog. */
export function toCatalogText(catalog: Catalog): string {
  let text = texts.get(catalog);
  if (text === undefined) {
    text = JSON.stringify(catalog);
    texts.set(catalog, text);
  }
  return text;
}

/** Returns the catalog of a text. The same text gives the same object, which must not be changed. */
export function fromCatalogText(text: string): Catalog {
  const catalog = catalogs.get(text) ?? (JSON.parse(text) as Catalog);
  setNewest(catalogs, text, catalog, MAX_CATALOGS);
  return catalog;
}
