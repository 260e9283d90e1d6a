// The moderation decision for a subject: the classifier's verdict, or the policy's failure mode.

import type { Catalog } from "../../core/catalog/schema.ts";
import { lookup } from "../../core/catalog/schema.ts";
import type { Bindings } from "../../core/env.ts";
import { ApiError, apiError } from "../../core/errors.ts";
import type { Subject } from "../../core/gateway/exchange.ts";
import { toLogged } from "../../core/log.ts";
import type { Refusal } from "../../core/relay/watchdog.ts";
import type { Moderation, Policy } from "./catalog.ts";
import { policiesOf } from "./catalog.ts";
import { classify } from "./classifier.ts";
import type { Verdict } from "./verdict.ts";
import { toVerdict } from "./verdict.ts";

export interface Gatekeeper {
  env: Bindings;
  catalog: Catalog;
  moderation: Moderation;
  requestId: string;
  signal: AbortSignal;
}

type Side = "input" | "output";

/**
 * Moderates a subject and returns the refusal, or undefined when the subject is allowed. `blocked`: 400
 * `content_policy_violation`. `withheld`: 503 `moderation_unavailable`, when the classifier fails and the policy's
 * `on_failure` is `block`. Throws the signal's reason when it has aborted.
 */
export async function refusalFor(keeper: Gatekeeper, side: Side, subject: Subject): Promise<Refusal | undefined> {
  const { env, catalog, requestId, signal } = keeper;
  const policy = policyFor(keeper);
  if (subject.text === "" && subject.images.length === 0) return undefined;
  const line = { event: "moderated", request: requestId, side };
  try {
    const verdict = toVerdict(await classify(env, catalog, policy, subject, signal), policy);
    // The log holds category names and scores, never the text.
    if (verdict.action !== "allow") console.log(JSON.stringify({ ...line, ...verdict }));
    return verdict.action === "block" ? { kind: "blocked", error: violation(side, verdict) } : undefined;
  } catch (error) {
    signal.throwIfAborted();
    const failed = error instanceof ApiError ? [error.body.code, toLogged(error.cause)] : toLogged(error);
    console.warn(JSON.stringify({ ...line, failed, on_failure: policy.on_failure }));
    // A subject that the classifier rejects is not an outage. It is blocked, so that it cannot bypass the policy.
    if (error instanceof ApiError && [400, 413, 415, 422].includes(error.status)) {
      return { kind: "blocked", error: unmoderatable(side, error) };
    }
    return policy.on_failure === "allow" ? undefined : moderationUnavailable(error);
  }
}

/** Returns the policy that a chat is moderated under. */
export const policyFor = ({ catalog, moderation }: Pick<Gatekeeper, "catalog" | "moderation">): Policy =>
  lookup(policiesOf(catalog), moderation.policy);

/** The refusal of a request that could not be moderated: 503 `moderation_unavailable`. */
export function moderationUnavailable(cause: unknown): Refusal {
  const message = "The content could not be moderated. Please try again.";
  return { kind: "withheld", error: apiError("moderation_unavailable", message, { cause }) };
}

function violation(side: Side, { categories }: Verdict): ApiError {
  const names = categories.filter(({ action }) => action === "block").map(({ name }) => name);
  return contentNotAllowed(side, `The ${side} is not allowed here${names.length > 0 ? `: ${names.join(", ")}` : ""}.`);
}

const unmoderatable = (side: Side, cause: unknown) =>
  contentNotAllowed(side, `The ${side} cannot be moderated, so it is blocked.`, cause);

const contentNotAllowed = (side: Side, message: string, cause?: unknown) =>
  apiError("content_policy_violation", message, { cause, ...(side === "input" ? { param: "input" } : {}) });
