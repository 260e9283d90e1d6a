// What KV holds of the catalog: revisions under the hash of what they say, and one pointer to those that callers get.

import * as v from "valibot";
import { Canary } from "./canary.ts";

/** The value of `catalog:current`, the only key that changes. */
export const Pointer = v.object({
  /** The revision that callers get; null for the catalog that is bundled with the Worker. */
  active: v.nullable(v.string()),
  /** What a rollback returns to; null for the bundled one. */
  previous: v.optional(v.nullable(v.string()), null),
  canary: v.optional(Canary),
  /** Epoch ms. */
  publishedAt: v.optional(v.number(), 0),
});

export type Pointer = v.InferOutput<typeof Pointer>;

export const POINTER_KEY = "catalog:current";
export const revisionKey = (revision: string): string => `catalog:rev:${revision}`;

/** The name of the catalog that is bundled with the Worker. */
export const BUNDLED = "bundled";

/** The revision that callers get. */
export const activeOf = ({ active }: Pointer): string => active ?? BUNDLED;

/** What an operator means by a revision's name: `active`, `previous` and `canary` are those of the pointer. */
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
