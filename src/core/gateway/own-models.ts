// Models of single users, such as fine-tuned ones. A feature finds them.

import type { Catalog } from "../catalog/schema.ts";
import type { Caller } from "./call.ts";

export interface OwnModels {
  /** Returns the catalog with the model of that name; undefined when the caller has no such model. */
  find(caller: Caller, name: string): Promise<Catalog | undefined>;
  /** Returns the names of the caller's models. */
  list(caller: Caller): Promise<string[]>;
}

let installed: OwnModels | undefined;

/** Installs the models for all later requests. */
export function installOwnModels(models: OwnModels | undefined): void {
  installed = models;
}

/** OpenAI names fine-tuned models `ft:base:organisation:suffix:id`. */
const OWN = /^ft:/;

/** Tests if a model name is that of a single user's model. */
export const isOwnModel = (name: string): boolean => OWN.test(name);

/** Returns the caller, whose catalog also has the named model if it is the caller's own. */
export async function withOwnModel(caller: Caller, name: string): Promise<Caller> {
  const catalog = await installed?.find(caller, name);
  return catalog ? { ...caller, catalog } : caller;
}

/** Returns the names of the caller's own models. */
export const ownModelNames = async (caller: Caller): Promise<string[]> => (await installed?.list(caller)) ?? [];
