// The catalog section `pages`: who can read the model cards.

import * as v from "valibot";
import type { Catalog } from "../../core/catalog/schema.ts";
import type { CatalogSection } from "../../core/catalog/sections.ts";

const Pages = v.strictObject({
  /** Everybody can read the model cards. When false, the pages need a user's token to show them. */
  public_cards: v.optional(v.boolean(), true),
});

export const pagesSection: CatalogSection = { root: { pages: v.optional(Pages, {}) } };

/** Returns the section `pages` of a catalog. */
export const pagesOf = (catalog: Catalog) => (catalog as Catalog & { pages: v.InferOutput<typeof Pages> }).pages;
