// Catalogs with switches of the section `responses`.

import type { Catalog } from "../../../../src/core/catalog/schema.ts";
import type { ResponsesSwitches } from "../../../../src/features/stored-responses/catalog.ts";
import { switchesOf } from "../../../../src/features/stored-responses/catalog.ts";

/** A catalog with these switches. */
export const withSwitches = <Given extends Catalog>(catalog: Given, switches: Partial<ResponsesSwitches>): Given => ({
  ...catalog,
  responses: { ...switchesOf(catalog), ...switches },
});
