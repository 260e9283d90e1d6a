// KV keys of the catalog: revisions by content hash, and the pointer to them.

import * as v from "valibot";
import { Canary } from "./canary.ts";

/** The value of `catalog:current`, the only key that changes. */
export const Pointer = v.object({
  /** The active revision; null for the catalog that is bundled with the Worker. */
  active: v.nullable(v.string()),
  /** The target of a rollback; null for the bundled catalog. */
  previous: v.optional(v.nullable(v.string()), null),
  canary: v.optional(Canary),
  /** Epoch ms. */
  publishedAt: v.optional(v.number(), 0),
});

export type Pointer = v.InferOutput<typeof Pointer>;

export const POINTER_KEY = "catalog:current";
export const revisionKey = (revision: string): string => `catalog:rev:${revision}`;

/** The revision name of the bundled catalog. */
export const BUNDLED = "bundled";

/** Returns the name of the active revision. */
export const activeOf = ({ active }: Pointer): string => active ?? BUNDLED;

/** Resolves an operator's revision name: `active`, `previous` and `canary` come from the pointer. */
export function revisionNamed(pointer: Pointer, name: string): string {
  switch (name) {
    case "active":
      return activeOf(pointer);
    case "previous":
      return pointer.previous ?? BUNDLED;
    case "canary":
      return pointer.canary?.revision ?? name;
    default:
      return name;
  }
}
