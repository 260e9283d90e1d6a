// Whether something may be said: the classifier's word, held against a policy.

import type { Moderation, Policy } from "./catalog.ts";
import type { Catalog } from "../../core/catalog/schema.ts";
import { known } from "../../core/catalog/schema.ts";
import type { Subject } from "../../dialects/openai/subject.ts";
import type { Bindings } from "../../core/env.ts";
import { ApiError, apiError, toLogged } from "../../core/errors.ts";
import type { Verdict } from "./verdict.ts";
import { toVerdict } from "./verdict.ts";
import type { Refusal } from "./gated.ts";
import { classify } from "./classifier.ts";

export interface Gatekeeper {
  env: Bindings;
  catalog: Catalog;
  moderation: Moderation;
  requestId: string;
  signal: AbortSignal;
}

/**
 * Gives how a request ends for what may not be said, and nothing for what may: `blocked`, 400 `content_policy_violation`;
 * or `failed`, 503 `moderation_unavailable`, when the classifier fails and the policy is to block then. Once the
 * signal has aborted, its reason is thrown.
 */
export async function refusalOf(
  keeper: Gatekeeper,
  side: "input" | "output",
  subject: Subject,
): Promise<Refusal | undefined> {
  const { env, catalog, requestId, signal } = keeper;
  const policy = policyOf(keeper);
  if (subject.text === "" && subject.images.length === 0) return undefined;
  const noted = { event: "moderated", request: requestId, side };
  try {
    const verdict = toVerdict(await classify(env, catalog, policy, subject, signal), policy);
    // Names and scores only: never what was said.
    if (verdict.action !== "allow") console.log(JSON.stringify({ ...noted, ...verdict }));
    return verdict.action === "block" ? { kind: "blocked", error: violation(side, verdict) } : undefined;
  } catch (error) {
    signal.throwIfAborted();
    const failed = error instanceof ApiError ? [error.body.code, toLogged(error.cause)] : toLogged(error);
    console.warn(JSON.stringify({ ...noted, failed, on_failure: policy.on_failure }));
    // What the classifier refuses to look at is no outage that could be waited out, or made use of.
    if (error instanceof ApiError && [400, 413, 415, 422].includes(error.status))
      return { kind: "blocked", error: unjudgeable(side, error) };
    return policy.on_failure === "allow" ? undefined : { kind: "failed", error: unavailable(error) };
  }
}

/** The policy that a chat is held against. */
export const policyOf = ({ catalog, moderation }: Pick<Gatekeeper, "catalog" | "moderation">): Policy =>
  known(catalog.policies, moderation.policy);

/** The refusal when it cannot be found out what is allowed. */
export const unavailable = (cause: unknown) =>
  apiError("moderation_unavailable", "It could not be checked whether this is allowed. Please try again.", { cause });

function violation(side: "input" | "output", { categories }: Verdict): ApiError {
  const names = categories.filter(({ action }) => action === "block").map(({ name }) => name);
  return notAllowed(side, `The ${side} is not allowed here${names.length > 0 ? `: ${names.join(", ")}` : ""}.`);
}

const unjudgeable = (side: "input" | "output", cause: unknown) =>
  notAllowed(side, `The ${side} cannot be judged, so it is not allowed here.`, cause);

const notAllowed = (side: "input" | "output", message: string, cause?: unknown) =>
  apiError("content_policy_violation", message, { cause, ...(side === "input" ? { param: "input" } : {}) });
