// A request in one dialect, as a model of a catalog gets it.

import type { Model } from "../../src/core/catalog/resolve.ts";
import type { Catalog } from "../../src/core/catalog/schema.ts";
import type { Exchange, Way } from "../../src/core/gateway/exchange.ts";
import { bundledCatalog } from "./catalog-documents.ts";

/** What is sent and how its answer is read. Throws what the caller is refused with. */
export function prepared(way: Way, model: Model, catalog: Catalog = bundledCatalog()): Exchange {
  return way.prepare(model, catalog);
}
