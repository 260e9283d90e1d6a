// Access to stored answers and conversations, restricted to their owner. Settles background responses.

import { findSnapshot } from "../../core/catalog/resolve.ts";
import { choosePlan } from "../../core/catalog/choose.ts";
import { ApiError, apiError } from "../../core/errors.ts";
import type { Caller } from "../../core/gateway/call.ts";
import { isOwnModel, withOwnModel } from "../../core/gateway/own-models.ts";
import { costOfEnding } from "../../core/quota/ending-cost.ts";
import { settleLate } from "../../core/quota/late-settlement.ts";
import { toUsd } from "../../core/quota/limits.ts";
import { loggedUser } from "../../core/quota/name.ts";
import { spendRequests } from "../../core/quota/spend.ts";
import { applyPiece, emptyProgress } from "../../core/relay/answer.ts";
import { responsesDialect } from "../../dialects/responses/decode.ts";
import { switchesOf } from "./catalog.ts";
import type { StoringRequest } from "./request.ts";
import { conversationOf } from "./request.ts";
import { isRunning, ownerMetadata, readStored } from "./stamp.ts";
import type { StoredKind } from "./store.ts";
import { callStorage, findStored, requireKind, storingProviders } from "./store.ts";
import { toolCallBound } from "./switches.ts";

/** An action on a stored object: the HTTP method, by default GET, and the rest of the path. */
export interface StoredAction {
  rest?: string;
  method?: "POST" | "DELETE";
  /** The object's new metadata. The owner's stamp is added. */
  metadata?: Record<string, unknown>;
}

/**
 * Returns the caller's stored object as JSON text, or the provider's answer to an action on it. Settles a background
 * response that has ended. Each call to the provider counts as a request. Throws 404 `not_found` when the caller has no
 * such object.
 */
export async function accessStored(
  caller: Caller,
  kind: StoredKind,
  id: string,
  { rest = "", method, metadata }: StoredAction = {},
): Promise<string> {
  const { env, catalog } = caller;
  requireKind(catalog, kind);
  const isAction = rest !== "" || method !== undefined;
  // This call also rejects blocked users and revoked tokens.
  const { objectName: owner } = await spendRequests(caller, 1);
  const { provider, text } = await findStored(env, catalog, kind, id, owner);
  const settle = async (last: string, { isOver = false } = {}) => {
    if (kind === "response") await settleStored(caller, owner, last, isOver);
  };
  // Settled before the action, because the usage is gone after a DELETE.
  await settle(text);
  if (!isAction) return text;
  await spendRequests(caller, 1);
  const body = metadata && stampedMetadata(metadata, owner);
  const answer = await callStorage(env, provider, `/${kind}s/${id}${rest}`, {
    ...(method ? { method } : {}),
    ...(body ? { body } : {}),
  });
  if (method === "DELETE") await settle(text, { isOver: true });
  else await settle(answer);
  return answer;
}

/** Creates a conversation of the caller and returns its JSON text. Throws 404 when the catalog does not allow it. */
export async function createConversation(caller: Caller, metadata: Record<string, unknown>): Promise<string> {
  const { env, catalog } = caller;
  requireKind(catalog, "conversation");
  const [provider] = storingProviders(catalog);
  if (!provider) throw apiError("not_found", "No provider of this deployment stores conversations.");
  const { objectName: owner } = await spendRequests(caller, 1);
  return callStorage(env, provider, "/conversations", { body: stampedMetadata(metadata, owner) });
}

const stampedMetadata = (metadata: Record<string, unknown>, owner: string) =>
  JSON.stringify({ metadata: { ...metadata, ...ownerMetadata(owner) } });

/**
 * Throws 400 `previous_response_not_found` or 404 `not_found` unless the caller owns the answer or the conversation
 * that a request continues from. A request that the catalog does not allow passes here: `requireSwitches` refuses it.
 */
export async function requireOwn(caller: Caller, request: StoringRequest): Promise<void> {
  const { store, conversations } = switchesOf(caller.catalog);
  const named = [
    { param: "previous_response_id", kind: "response", id: store && request.previous_response_id },
    { param: "conversation", kind: "conversation", id: conversations && conversationOf(request) },
  ] as const;
  for (const { param, kind, id } of named) {
    if (!id) continue;
    await accessStored(caller, kind, id).catch((error: unknown) => {
      if (!(error instanceof ApiError) || error.body.code !== "not_found") throw error;
      throw apiError(kind === "response" ? "previous_response_not_found" : "not_found", error.message, { param });
    });
  }
}

/**
 * Settles a background response that has ended or was deleted. Repeated calls are safe: the ledger settles a
 * reservation once.
 */
async function settleStored(caller: Caller, owner: string, text: string, isDeleted: boolean): Promise<void> {
  const stored = readStored(text);
  const { lease: key, snapshot } = stored ?? {};
  const running = isRunning(text);
  if (!stored || !key || !snapshot || (running && !isDeleted)) return;
  const { env, user, catalog, waitUntil } = isOwnModel(snapshot) ? await withOwnModel(caller, snapshot) : caller;
  const card = findSnapshot(catalog, snapshot)?.card;
  const progress = emptyProgress();
  if (!running) for (const piece of responsesDialect.decodeWhole(text).pieces) applyPiece(progress, piece);
  const toolCalls = toolCallBound(stored, switchesOf(catalog));
  const demand = { inputBytes: 0, images: 0, choices: 1, maxOutputTokens: undefined, toolCalls };
  const charge = costOfEnding({
    stage: "relayed",
    ending: "finished",
    progress,
    demand,
    card,
    requests: 1,
    work: undefined,
  });
  const { name } = choosePlan(catalog, user.plan);
  await settleLate({ env, catalog, waitUntil, name: owner, key, charge });
  const { usage } = progress;
  const usd = usage && toUsd(charge.nanoUsd);
  console.log(
    JSON.stringify({ event: "settled", user: loggedUser(owner), plan: name, model: snapshot, key, usage, usd }),
  );
}
