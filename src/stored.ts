// Answers that a provider keeps, for their owners alone. They are found by their id and known by their stamp; one that
// went on in the background is settled when its owner asks for it and it has ended.

import { choosePlan } from "./catalog/choose.ts";
import { findSnapshot } from "./catalog/resolve.ts";
import type { Catalog } from "./catalog/schema.ts";
import { catalogFor } from "./catalog/store.ts";
import { readResponse } from "./endpoints/responses-answer.ts";
import { hostedTools } from "./endpoints/responses-switches.ts";
import { goesOn, readStored } from "./endpoints/stored-response.ts";
import { ApiError, apiError } from "./errors.ts";
import type { Caller } from "./metering/call.ts";
import { toCharge } from "./quota/charge.ts";
import { underClaim } from "./quota/claim.ts";
import { callQuota } from "./quota/client.ts";
import { toLimits } from "./quota/limits.ts";
import { quotaName } from "./quota/name.ts";
import { emptyProgress, note } from "./stream/answer.ts";
import type { About } from "./upstream/stored-responses.ts";
import { askAbout, findResponse } from "./upstream/stored-responses.ts";

/** The name under which a caller owns what the provider keeps. */
export const ownerOf = ({ user, env }: Caller) => quotaName(user, env.QUOTA_PEPPER);

/** A stored response of the caller's as JSON text, or what the provider answers about it. Throws 404 `not_found`. */
export async function askStored(caller: Caller, id: string, about?: About): Promise<string> {
  const { env, user } = caller;
  const { catalog } = await catalogOf(caller);
  const owner = await ownerOf(caller);
  const limits = toLimits(choosePlan(catalog, user.plan).plan);
  // Who is blocked, or whose token was revoked, reads nothing either.
  await underClaim(user, owner, (claim) => callQuota(env, owner, (object) => object.view(claim, limits)));
  const { provider, text } = await findResponse(env, catalog, id, owner);
  // First, since after a DELETE nobody knows the usage.
  await settleStored(caller, catalog, text);
  if (!about) return text;
  const answer = await askAbout(env, provider, id, about);
  await settleStored(caller, catalog, answer);
  return answer;
}

const catalogOf = ({ user, env, waitUntil }: Caller) => catalogFor(user, env.CATALOG, Date.now(), waitUntil);

/**
 * Throws 400 `previous_response_not_found` unless an answer that is to be gone on from is the caller's. Where nothing is
 * stored, the request is refused for asking at all.
 */
export async function requireOwnPrevious(caller: Caller, id: string): Promise<void> {
  const { catalog } = await catalogOf(caller);
  if (!catalog.responses.store) return;
  try {
    await askStored(caller, id);
  } catch (error) {
    if (!(error instanceof ApiError) || error.body.code !== "not_found") throw error;
    throw apiError("previous_response_not_found", error.message, { param: "previous_response_id" });
  }
}

/**
 * As often as it is asked for: the ledger settles a reservation once. One without usage is left to its lease, which ends
 * in full.
 */
async function settleStored({ env, user }: Caller, catalog: Catalog, text: string): Promise<void> {
  const stored = readStored(text);
  const { lease: key, snapshot } = stored ?? {};
  if (!stored || !key || !snapshot || goesOn(text)) return;
  const card = findSnapshot(catalog, snapshot)?.card;
  const progress = emptyProgress();
  for (const piece of readResponse(text)) note(progress, piece);
  if (!card || !progress.usage) return console.warn(JSON.stringify({ event: "not_settled", model: snapshot, key }));
  const hosted = hostedTools(stored, catalog.responses);
  const charge = toCharge(progress, { inputBytes: 0, images: 0, choices: 1, maxOutputTokens: undefined, hosted }, card);
  const limits = toLimits(choosePlan(catalog, user.plan).plan);
  const name = await quotaName(user, env.QUOTA_PEPPER);
  await callQuota(env, name, (object) => object.settle(limits, { key, charge }));
  console.log(JSON.stringify({ event: "settled", model: snapshot, key, usage: progress.usage }));
}
