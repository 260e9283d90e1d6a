// Catalog sections: schema fields and checks of features, installed when the Worker starts.

import type { ModelCard } from "./card.ts";
import type { Catalog, SectionFields } from "./schema.ts";

export interface CatalogSection extends SectionFields {
  /** Checks beyond the schema. Returns faults as `path: message`. */
  faults?(catalog: Catalog, names: CatalogNames): string[];
  /** Names of models that every user can cause calls of, even if the plan does not include them. */
  calledModels?(catalog: Catalog): string[];
  /** Finds settings that are valid but may surprise. Returns warnings as `path: message`. */
  warnings?(catalog: Catalog): string[];
}

/** Name lookups for a section's checks. */
export interface CatalogNames {
  /** Tests if a name is an alias or a snapshot. */
  isModelName: (name: string) => boolean;
  /** Returns the card that a name resolves to, before any shutdown. */
  cardFor: (name: string) => ModelCard | undefined;
}

let installed: CatalogSection[] = [];

/** Installs the sections for all later parsing. */
export function installSections(sections: CatalogSection[]): void {
  installed = sections;
}

export const installedSections = (): CatalogSection[] => installed;
