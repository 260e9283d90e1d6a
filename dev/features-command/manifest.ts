// Reads the features of src/features.ts, and how they depend on each other.

import { toFile } from "../repository.ts";

/** The part of a feature that commands read. Its own type needs the types of the Workers runtime. */
export interface FeatureFacts {
  name: string;
  needs?: string[];
  routes?: { path: string; access: string; summary: string }[];
  /** Endpoints of model cards. */
  serves?: string[];
  catalog?: { root?: object; card?: object; alias?: object; plan?: object };
}

export async function loadFeatures(): Promise<FeatureFacts[]> {
  const { features } = (await import(toFile("src/features.ts"))) as { features: FeatureFacts[] };
  return features;
}

/** The names of the features that need this one directly. */
export function neededBy(features: FeatureFacts[], name: string): string[] {
  return features.filter(({ needs = [] }) => needs.includes(name)).map(({ name }) => name);
}

/** These names and all that need them, directly or not, in the order of the manifest. */
export function withDependents(features: FeatureFacts[], names: string[]): string[] {
  const found = new Set(names);
  for (const name of found) for (const dependent of neededBy(features, name)) found.add(dependent);
  return features.map(({ name }) => name).filter((name) => found.has(name));
}
