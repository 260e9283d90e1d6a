// The catalog of a run, as text between the Worker and the object.

import { expect, it } from "vitest";
import { bundledCatalog } from "../../../../src/core/catalog/store.ts";
import { fromCatalogText, toCatalogText } from "../../../../src/features/runs/catalog-text.ts";

it("arrives complete, and as one object for all runs, so that they share what is cached for its parts", () => {
  const { catalog } = bundledCatalog();
  const [first, second] = [catalog, structuredClone(catalog)].map((one) => fromCatalogText(toCatalogText(one)));
  expect(first).toEqual(catalog);
  expect(second).toBe(first);
});
