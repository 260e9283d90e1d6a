// The stamp: metadata of a stored object that names its owner and its reservation.

import * as v from "valibot";
import type { StoringRequest } from "./request.ts";

/** Metadata keys. Callers can read them but cannot set them. */
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
 * Adds the stamp to a request that is stored, and overrides the caller's own values for its keys. A background request
 * also gets its reservation and snapshot, by which it is settled later.
 */
export function withStamp(request: StoringRequest, { owner, lease }: Stamp, snapshot: string): StoringRequest {
  if (!request.store) return request;
  const settledBy = request.background ? { [LEASE]: lease, [MODEL]: snapshot } : {};
  const { [LEASE]: _, ...metadata } = request.metadata ?? {};
  return { ...request, metadata: { ...metadata, ...ownerMetadata(owner), ...settledBy } };
}

/** Returns the metadata that name the owner of a stored object. */
export const ownerMetadata = (owner: string) => ({ [OWNER]: owner });

const Json = v.pipe(v.string(), v.parseJson(), Stored);

/** Reads the stamp from a stored object's JSON text. Returns undefined when it has none. */
export function readStored(text: string) {
  const stored = v.safeParse(Json, text);
  if (!stored.success) return undefined;
  const { metadata, ...rest } = stored.output;
  return { ...rest, owner: metadata[OWNER], lease: metadata[LEASE], snapshot: metadata[MODEL] };
}

/** Returns whether a stored answer is still running in the background. */
export function isRunning(text: string): boolean {
  const status = readStored(text)?.status;
  return status === "queued" || status === "in_progress";
}
