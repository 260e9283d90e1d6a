// What the provider keeps: whose it is, and which reservation an answer was made under, is in its metadata, so that
// nothing about it need be kept here.

import * as v from "valibot";
import type { ResponsesRequest } from "../../dialects/responses/request.ts";

/** Metadata of what is stored; callers see both and can do nothing with them. */
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
export function stamped(request: ResponsesRequest, { owner, lease }: Stamp, snapshot: string): ResponsesRequest {
  if (!request.store) return request;
  const settledBy = request.background ? { [LEASE]: lease, [MODEL]: snapshot } : {};
  return { ...request, metadata: { ...request.metadata, ...ownedBy(owner), [LEASE]: undefined, ...settledBy } };
}

/** The metadata that say whose a stored thing is. */
export const ownedBy = (owner: string) => ({ [OWNER]: owner });

const Json = v.pipe(v.string(), v.parseJson(), Stored);

/** What a stored thing says of itself; undefined when it is not one of ours. */
export function readStored(text: string) {
  const stored = v.safeParse(Json, text);
  if (!stored.success) return undefined;
  const { metadata, ...rest } = stored.output;
  return { ...rest, owner: metadata[OWNER], lease: metadata[LEASE], snapshot: metadata[MODEL] };
}

/** Whether an answer goes on in the background. */
export function goesOn(text: string): boolean {
  const status = readStored(text)?.status;
  return status === "queued" || status === "in_progress";
}
