// Stamps what the provider stores with its owner and its reservation, in its metadata, so that Weir stores nothing.

import * as v from "valibot";
import type { StoringRequest } from "./request.ts";

/** Keys of the metadata. Callers see them and cannot write them. */
const OWNER = "weir_user";
const LEASE = "weir_lease";
const MODEL = "weir_model";

export interface Stamp {
  /** The name of the user's quota object. */
  owner: string;
  /** The key of the reservation. */
  lease: string;
}

const Stored = v.object({
  status: v.optional(v.string()),
  metadata: v.object({ [OWNER]: v.string(), [LEASE]: v.optional(v.string()), [MODEL]: v.optional(v.string()) }),
  tools: v.fallback(v.array(v.looseObject({ type: v.string() })), []),
  max_tool_calls: v.fallback(v.nullish(v.number()), null),
});

/**
 * A request whose answer is stored, with its stamp, whatever the caller's own metadata say. One that goes on in the
 * background also names what it is settled by later: its reservation, and the snapshot.
 */
export function stamped(request: StoringRequest, { owner, lease }: Stamp, snapshot: string): StoringRequest {
  if (!request.store) return request;
  const settledBy = request.background ? { [LEASE]: lease, [MODEL]: snapshot } : {};
  return { ...request, metadata: { ...request.metadata, ...ownedBy(owner), [LEASE]: undefined, ...settledBy } };
}

/** The metadata that name the owner of a stored thing. */
export const ownedBy = (owner: string) => ({ [OWNER]: owner });

const Json = v.pipe(v.string(), v.parseJson(), Stored);

/** Reads the stamp of a stored thing; undefined when it has none. */
export function readStored(text: string) {
  const stored = v.safeParse(Json, text);
  if (!stored.success) return undefined;
  const { metadata, ...rest } = stored.output;
  return { ...rest, owner: metadata[OWNER], lease: metadata[LEASE], snapshot: metadata[MODEL] };
}

/** Whether an answer still runs in the background. */
export function isRunning(text: string): boolean {
  const status = readStored(text)?.status;
  return status === "queued" || status === "in_progress";
}
