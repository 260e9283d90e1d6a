// Models of single users, such as fine-tuned ones. A feature finds them.

import type { Catalog } from "../catalog/schema.ts";
import type { Caller } from "./call.ts";

/** Returns the catalog with the model of that name; undefined when the caller has no such model. */
export type AddOwnModel = (caller: Caller, name: string) => Promise<Catalog | undefined>;

let installed: AddOwnModel | undefined;

/** Installs the search for all later requests. */
export function installOwnModels(add: AddOwnModel | undefined): void {
  installed = add;
}

/** OpenAI names fine-tuned models `ft:base:organisation:suffix:id`. */
const OWN = /^ft:/;

/** Tests if a model name is that of a single user's model. */
export const isOwnModel = (name: string): boolean => OWN.test(name);

/** Returns the caller, whose catalog also has the named model if it is the caller's own. */
export async function withOwnModel(caller: Caller, name: string): Promise<Caller> {
  const catalog = await installed?.(caller, name);
  return catalog ? { ...caller, catalog } : caller;
}
