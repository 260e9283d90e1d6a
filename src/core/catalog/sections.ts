// Catalog sections: what features add to the catalog's schema, installed once when the Worker starts.

import type { ModelCard } from "./card.ts";
import type { Catalog, SectionFields } from "./schema.ts";

export interface CatalogSection extends SectionFields {
  /** Faults that no schema can find, each as `path: what is wrong`. */
  faults?(catalog: Catalog, names: CatalogNames): string[];
}

/** Looks up names in a catalog that is being checked. */
export interface CatalogNames {
  /** Whether a name is an alias or a snapshot. */
  leads: (name: string) => boolean;
  /** The card that a name stands for. */
  cardNamed: (name: string) => ModelCard | undefined;
}

let installed: CatalogSection[] = [];

/** Makes these the sections of every catalog that is read or checked from now on. */
export function installSections(sections: CatalogSection[]): void {
  installed = sections;
}

export const installedSections = (): CatalogSection[] => installed;
