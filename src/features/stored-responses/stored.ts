// What a provider keeps of its users, for their owners alone: found by its id and known by its stamp. An answer that
// went on in the background is settled when its owner asks for it and it has ended.

import { choosePlan } from "../../core/catalog/choose.ts";
import { findSnapshot } from "../../core/catalog/resolve.ts";
import type { Catalog } from "../../core/catalog/schema.ts";
import { catalogFor } from "../../core/catalog/store.ts";
import { readResponse } from "../../dialects/responses/decode.ts";
import { hostedTools } from "./switches.ts";
import type { ResponsesRequest } from "../../dialects/responses/request.ts";
import { conversationOf } from "../../dialects/responses/request.ts";
import { goesOn, ownedBy, readStored } from "./stamp.ts";
import { ApiError, apiError } from "../../core/errors.ts";
import type { Caller } from "../../core/gateway/call.ts";
import { toCharge } from "../../core/quota/charge.ts";
import { callQuota } from "../../core/quota/client.ts";
import { toLimits } from "../../core/quota/limits.ts";
import { quotaName } from "../../core/quota/name.ts";
import { standingOf } from "../../core/quota/plan-and-usage.ts";
import { emptyProgress, note } from "../../core/relay/answer.ts";
import type { Kind } from "./store.ts";
import { askStore, findStored, keepersOf, requireKept } from "./store.ts";

export type { Kind };

/** The name under which a caller owns what the provider keeps. */
export const ownerOf = ({ user, env }: Caller) => quotaName(user, env.QUOTA_PEPPER);

/** What is asked of a stored thing: to do something with it, or about what is at its route with `rest` after it. */
export interface Asked {
  rest?: string;
  method?: "POST" | "DELETE";
}

/**
 * A stored thing of the caller's as JSON text, or what the provider answers about it: to another `method`, or at its route
 * with `rest` after it. Throws 404 `not_found`.
 */
export async function askStored(
  caller: Caller,
  kind: Kind,
  id: string,
  { rest = "", method }: Asked = {},
): Promise<string> {
  const { env } = caller;
  const { catalog, owner } = await standing(caller);
  const { provider, text } = await findStored(env, catalog, kind, id, owner);
  const settle = async (last: string, { isOver = false } = {}) => {
    if (kind === "response") await settleStored(caller, catalog, last, isOver);
  };
  // First, since after a DELETE nobody knows the usage.
  await settle(text);
  if (rest === "" && !method) return text;
  const answer = await askStore(env, provider, `/${kind}s/${id}${rest}`, method && { method });
  if (method === "DELETE") await settle(text, { isOver: true });
  else await settle(answer);
  return answer;
}

/** A new conversation of the caller's, as JSON text, with the caller's own metadata. Throws 404 where none are kept. */
export async function createConversation(caller: Caller, metadata: Record<string, unknown>): Promise<string> {
  const { catalog, owner } = await standing(caller);
  requireKept(catalog, "conversation");
  const [keeper] = keepersOf(catalog);
  if (!keeper) throw apiError("not_found", "No provider of this deployment keeps conversations.");
  const body = JSON.stringify({ metadata: { ...metadata, ...ownedBy(owner) } });
  return askStore(caller.env, keeper, "/conversations", { body });
}

/** Who asks, and under which catalog. Who is blocked, or whose token was revoked, reads nothing either. */
async function standing(caller: Caller) {
  const { catalog } = await catalogOf(caller);
  const { quota: owner } = await standingOf(caller, catalog);
  return { catalog, owner };
}

const catalogOf = ({ user, env, waitUntil }: Caller) => catalogFor(user, env.CATALOG, Date.now(), waitUntil);

/**
 * Throws 400 `previous_response_not_found` or 404 `not_found` unless what a request goes on from is the caller's. Where
 * nothing is stored, the request is refused for asking at all.
 */
export async function requireOwn(caller: Caller, request: ResponsesRequest): Promise<void> {
  const { catalog } = await catalogOf(caller);
  const { store, conversations } = catalog.responses;
  const named = [
    { param: "previous_response_id", kind: "response", id: store && request.previous_response_id },
    { param: "conversation", kind: "conversation", id: conversations && conversationOf(request) },
  ] as const;
  for (const { param, kind, id } of named) {
    if (!id) continue;
    await askStored(caller, kind, id).catch((error: unknown) => {
      if (!(error instanceof ApiError) || error.body.code !== "not_found") throw error;
      throw apiError(kind === "response" ? "previous_response_not_found" : "not_found", error.message, { param });
    });
  }
}

/**
 * As often as it is asked for: the ledger settles a reservation once. One whose usage nobody will know, since it was
 * cancelled or is `over`, is charged in full.
 */
async function settleStored({ env, user }: Caller, catalog: Catalog, text: string, isOver: boolean): Promise<void> {
  const stored = readStored(text);
  const { lease: key, snapshot } = stored ?? {};
  if (!stored || !key || !snapshot || (goesOn(text) && !isOver)) return;
  const card = findSnapshot(catalog, snapshot)?.card;
  const progress = emptyProgress();
  if (!goesOn(text)) for (const piece of readResponse(text)) note(progress, piece);
  const hosted = hostedTools(stored, catalog.responses);
  const demand = { inputBytes: 0, images: 0, choices: 1, maxOutputTokens: undefined, hosted };
  const charge = card && progress.usage ? toCharge(progress, demand, card) : IN_FULL;
  const limits = toLimits(choosePlan(catalog, user.plan).plan);
  const name = await quotaName(user, env.QUOTA_PEPPER);
  await callQuota(env, name, (object) => object.settle(limits, { key, charge }));
  console.log(JSON.stringify({ event: "settled", model: snapshot, key, usage: progress.usage }));
}

/** The ledger charges no more than was reserved. */
const IN_FULL = { tokens: Number.MAX_SAFE_INTEGER, requests: 1, usd: Number.MAX_SAFE_INTEGER };
