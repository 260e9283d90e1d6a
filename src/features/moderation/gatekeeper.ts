// The moderation decision for one subject of a chat: by categories, by rules, or by the policy's `on_failure`.

import { lookup } from "../../core/catalog/schema.ts";
import { ApiError, apiError } from "../../core/errors.ts";
import type { Subject } from "../../core/gateway/exchange.ts";
import { toLogged } from "../../core/log.ts";
import type { Refusal } from "../../core/relay/watchdog.ts";
import type { Action, Moderation, Policy } from "./catalog.ts";
import { policiesOf } from "./catalog.ts";
import type { JudgedChat, Side } from "./chat-judge.ts";
import { judgeChat } from "./chat-judge.ts";
import { classify } from "./classifier.ts";
import { toVerdict, worstAction } from "./verdict.ts";

export interface Gatekeeper extends JudgedChat {
  moderation: Moderation;
}

/** The result of one check. */
interface Finding {
  action: Action;
  /** The categories or rules that block. */
  blocking: string[];
  /** Fields of the log line. Never content. */
  logged: object;
}

/**
 * Moderates a subject by the classifier, and by the judge if the policy requires it, in parallel. Returns the first
 * refusal, or undefined when all checks allow the subject. Calls `onReserved` when the quota has granted the judge's
 * call, or when the request continues without it. Throws the signal's reason when it has aborted.
 *
 * - `blocked`: 400 `content_policy_violation`.
 * - `withheld`: 503 `moderation_unavailable` when a check fails and `on_failure` is `block`. When the user's quota
 *   refuses the judge, the quota's own error, whatever `on_failure` says: a used up quota must not bypass the rules.
 */
export async function refusalFor(
  keeper: Gatekeeper,
  side: Side,
  subject: Subject,
  onReserved: () => void = () => undefined,
): Promise<Refusal | undefined> {
  const policy = policyFor(keeper);
  if (subject.text === "" && subject.images.length === 0) return undefined;
  const field: ModeratedField = { side, ...(side === "input" && { param: subject.param ?? "input" }) };
  const checks = [refusalBy(keeper, field, byCategories(keeper, policy, subject))];
  if (policy.chats === "rules") {
    const refusal = refusalBy(keeper, field, byRules(keeper, policy, side, subject, onReserved));
    checks.push(refusal);
    // A judge that fails under `"on_failure": "allow"` may have no reservation.
    void refusal.then(
      (refused) => refused ?? onReserved(),
      () => undefined,
    );
  }
  return firstRefusal(checks);
}

async function byCategories({ caller, signal }: Gatekeeper, policy: Policy, subject: Subject): Promise<Finding> {
  const verdict = toVerdict(await classify(caller.env, caller.catalog, policy, subject, signal), policy);
  return { action: verdict.action, blocking: namesOf(verdict.categories, "block"), logged: verdict };
}

async function byRules(
  keeper: Gatekeeper,
  policy: Policy,
  side: Side,
  subject: Subject,
  onReserved: () => void,
): Promise<Finding | undefined> {
  const rules = await judgeChat(keeper, policy, side, subject, onReserved);
  if (!rules) return undefined;
  const action = worstAction(rules.map((rule) => rule.action));
  // A quote and a reason hold content.
  return { action, blocking: namesOf(rules, "block"), logged: { action, rules: namesByAction(rules) } };
}

/** Logs the result of a check and converts it to a refusal. Undefined means that the subject could not be judged. */
async function refusalBy(
  { caller, moderation, signal }: Gatekeeper,
  field: ModeratedField,
  check: Promise<Finding | undefined>,
): Promise<Refusal | undefined> {
  const line = { event: "moderated", request: caller.requestId, side: field.side };
  const { on_failure } = policyFor({ caller, moderation });
  try {
    const finding = await check;
    if (finding?.action === "allow") return undefined;
    // The log holds names and scores, never the text.
    console.log(JSON.stringify({ ...line, ...(finding?.logged ?? { failed: "no_verdict" }) }));
    if (!finding) return { kind: "blocked", error: unmoderatable(field) };
    return finding.action === "block" ? { kind: "blocked", error: violation(field, finding.blocking) } : undefined;
  } catch (error) {
    signal.throwIfAborted();
    const failed = error instanceof ApiError ? [error.body.code, toLogged(error.cause)] : toLogged(error);
    console.warn(JSON.stringify({ ...line, failed, on_failure }));
    if (error instanceof ApiError && QUOTA_REFUSALS.has(error.status)) return { kind: "withheld", error };
    // A subject that is rejected is not an outage. It is blocked, so that it cannot bypass the policy.
    if (error instanceof ApiError && REJECTIONS.has(error.status)) {
      return { kind: "blocked", error: unmoderatable(field, error) };
    }
    return on_failure === "allow" ? undefined : moderationUnavailable(error);
  }
}

/** The statuses of a rejected subject. */
const REJECTIONS = new Set([400, 413, 415, 422]);
/** The statuses for a user whose quota is used up, or who was blocked or signed out in the meantime. */
const QUOTA_REFUSALS = new Set([401, 403, 429]);

/** Resolves to the first refusal, or to undefined when there is none. Rejects when a check rejects before that. */
async function firstRefusal(checks: Promise<Refusal | undefined>[]): Promise<Refusal | undefined> {
  const first = Promise.withResolvers<Refusal | undefined>();
  const look = async (check: Promise<Refusal | undefined>) => {
    const refusal = await check;
    if (refusal) first.resolve(refusal);
  };
  void Promise.all(checks.map(look)).then(() => first.resolve(undefined), first.reject);
  return first.promise;
}

const namesOf = (verdicts: { name: string; action: Action }[], wanted: Action) =>
  verdicts.filter(({ action }) => action === wanted).map(({ name }) => name);

const namesByAction = (verdicts: { name: string; action: Action }[]) =>
  verdicts.filter(({ action }) => action !== "allow").map(({ name, action }) => ({ name, action }));

/** Returns the policy that a chat is moderated under. */
export const policyFor = ({ caller, moderation }: Pick<Gatekeeper, "caller" | "moderation">): Policy =>
  lookup(policiesOf(caller.catalog), moderation.policy);

/** The refusal of a request that could not be moderated: 503 `moderation_unavailable`. */
export function moderationUnavailable(cause: unknown): Refusal {
  const message = "The content could not be moderated. Please try again.";
  return { kind: "withheld", error: apiError("moderation_unavailable", message, { cause }) };
}

/** The moderated part of a request: its answer, or its input with the field that errors name. */
interface ModeratedField {
  side: Side;
  param?: string;
}

function violation({ side, ...options }: ModeratedField, names: string[]): ApiError {
  const message = `The ${side} is not allowed here${names.length > 0 ? `: ${names.join(", ")}` : ""}.`;
  return apiError("content_policy_violation", message, options);
}

const unmoderatable = ({ side, ...options }: ModeratedField, cause?: unknown) =>
  apiError("content_policy_violation", `The ${side} cannot be moderated, so it is blocked.`, { ...options, cause });
