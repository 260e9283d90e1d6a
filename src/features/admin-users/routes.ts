// The routes of /admin/users/:id: a user's quota, and the operator's changes to it.
// `:id` is `issuer|subject`, URL-encoded.

import type { Context } from "hono";
import { Hono } from "hono";
import * as v from "valibot";
import { issuersOf } from "../../core/auth/issuers.ts";
import { choosePlan } from "../../core/catalog/choose.ts";
import { entry } from "../../core/catalog/schema.ts";
import type { Catalog } from "../../core/catalog/schema.ts";
import { activeCatalog } from "../../core/catalog/store.ts";
import type { AppEnv } from "../../core/feature.ts";
import { deleteUserData } from "../../core/feature.ts";
import { apiError, unknownName } from "../../core/errors.ts";
import type { Account, Change, Decision } from "../../core/quota/account.ts";
import { callQuota } from "../../core/quota/client.ts";
import { fromAmount, toAmount, toLimits, toUsd } from "../../core/quota/limits.ts";
import { historyDays } from "../../core/quota/history-query.ts";
import { loggedUser, quotaName } from "../../core/quota/name.ts";
import { toDayObject, toWindowObject } from "../../core/quota/rate-limit.ts";
import type { ReservedJob } from "../../core/quota/reserved-jobs.ts";
import { reservedJobs } from "../../core/quota/reserved-jobs.ts";
import { parseWindowKey, windowKey } from "../../core/catalog/quota-window.ts";
import { readBody } from "../../core/http/json-body.ts";

const Window = v.pipe(
  v.string(),
  v.regex(/^(tokens|requests|usd)\/(minute|hour|day|month)(\/[^/]+)?$/, "must be a window such as tokens/day"),
);
const MOMENT_FORM = "must be an ISO 8601 time with a time zone, such as 2026-11-23T12:00:00Z";
const Moment = v.pipe(
  v.string(),
  v.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/, MOMENT_FORM),
  v.check((text) => !Number.isNaN(Date.parse(text)), MOMENT_FORM),
);
const common = {
  reason: v.pipe(v.string(), v.minLength(1), v.maxLength(500)),
  /** A repeated change with the same id is applied once. */
  id: v.optional(v.pipe(v.string(), v.regex(/^[\w-]{1,64}$/, "must be 1 to 64 letters, digits, '-' or '_'"))),
};

const ChangeRequest = v.variant("kind", [
  /** A plan that overrides the token's claim. `null` removes it. */
  v.strictObject({ kind: v.literal("plan"), plan: v.nullable(v.string()), ...common }),
  v.strictObject({ kind: v.literal("grant"), window: Window, amount: v.pipe(v.number(), v.minValue(0)), ...common }),
  v.strictObject({ kind: v.literal("reset"), window: Window, ...common }),
  v.strictObject({ kind: v.literal("block"), ...common }),
  v.strictObject({ kind: v.literal("unblock"), ...common }),
  /** Revokes tokens issued before `before`, by default now. */
  v.strictObject({ kind: v.literal("revoke"), before: v.optional(Moment), ...common }),
]);

export const userRoutes = new Hono<AppEnv>()
  .get("/:id", async (c) => {
    const days = historyDays(c.req.query());
    const { catalog, quota } = await userOf(c);
    const account = await callQuota(c.env, quota, (object) => object.account());
    const described = await describe(c, catalog, quota, account);
    if (days === 0) return c.json(described);
    const history = await callQuota(c.env, quota, (object) => object.history(days));
    return c.json({ ...described, history: history.map(toDayObject) });
  })
  .post("/:id/changes", async (c) => {
    const { catalog, quota } = await userOf(c);
    const body = await readBody(c.req, ChangeRequest);
    const change: Change = {
      ...toDecision(catalog, body),
      id: body.id ?? crypto.randomUUID(),
      at: Date.now(),
      reason: body.reason,
    };
    const account = await callQuota(c.env, quota, (object) => object.change(change));
    return c.json(await describe(c, catalog, quota, account), 201);
  })
  .get("/:id/export", async (c) => {
    const { catalog, quota, user } = await userOf(c);
    const stored = await callQuota(c.env, quota, (object) => object.export());
    const described = await describe(c, catalog, quota, stored.account);
    return c.json(
      { ...user, ...described, stored, not_included: ELSEWHERE },
      { headers: { "cache-control": "no-store" } },
    );
  })
  .delete("/:id", async (c) => {
    const { quota } = await userOf(c);
    // The tokens are refused first, so that nothing new is stored meanwhile.
    const { blocked = false, revokedBefore } = await callQuota(c.env, quota, (object) => object.delete());
    await deleteUserData(c.env, quota);
    return c.json({ deleted: true, blocked, tokens_revoked_before: toIso(revokedBefore), not_deleted: ELSEWHERE });
  });

/** Data of a user that Weir cannot find. */
const ELSEWHERE = [
  "objects that the provider stores, such as responses and conversations: Weir keeps no list of them",
  "log lines, which have a keyed hash of the user",
  "Cloudflare's recovery copies of the user's object, for 30 days",
];

async function userOf(c: Context<AppEnv, "/:id">) {
  // A subject may contain '|' (Auth0 uses it). An issuer cannot.
  const [, issuer, subject] = /^([^|]+)\|(.+)$/.exec(c.req.param("id")) ?? [];
  const issuers = issuersOf(c.env).map((known) => known.issuer);
  if (issuer && !issuers.includes(issuer)) throw unknownName("issuer", issuer, issuers, "id");
  if (!issuer || !subject) {
    throw apiError("invalid_request", "A user is named 'issuer|subject', URL-encoded: weir%7Calice.", { param: "id" });
  }
  const { catalog } = await activeCatalog(c.env.CATALOG, Date.now(), (work) => c.executionCtx.waitUntil(work));
  const user = { issuer, subject };
  return { catalog, user, quota: await quotaName(user, c.env.QUOTA_PEPPER) };
}

function toDecision(catalog: Catalog, request: v.InferOutput<typeof ChangeRequest>): Decision {
  switch (request.kind) {
    case "plan":
      if (request.plan !== null && !entry(catalog.plans, request.plan)) {
        throw unknownName("plan", request.plan, Object.keys(catalog.plans));
      }
      return { kind: "plan", plan: request.plan };
    case "grant": {
      const { window, amount } = request;
      requireWindow(catalog, window);
      const { unit } = parseWindowKey(window);
      const wholeAmount = toAmount(unit, amount);
      if (!Number.isSafeInteger(wholeAmount) || (unit !== "usd" && wholeAmount !== amount)) {
        const message = `'amount' cannot be ${amount}. Send a smaller number. Only usd allows fractions.`;
        throw apiError("invalid_request", message, { param: "amount" });
      }
      return { kind: "grant", window, amount: wholeAmount };
    }
    case "reset":
      requireWindow(catalog, request.window);
      return { kind: "reset", window: request.window };
    case "revoke":
      return { kind: "revoke", before: request.before === undefined ? Date.now() : Date.parse(request.before) };
    case "block":
    case "unblock":
      return { kind: request.kind };
  }
}

/** Throws 400 for a window that is in no plan: changing it would have no effect. */
function requireWindow(catalog: Catalog, window: string): void {
  const windows = new Set(Object.values(catalog.plans).flatMap((plan) => plan.windows.map(windowKey)));
  if (!windows.has(window)) throw unknownName("window", window, windows);
}

/**
 * Describes the user under the stored plan, or else under the default plan. The user's token may claim another plan.
 */
async function describe(c: Context<AppEnv>, catalog: Catalog, quota: string, account: Account) {
  const { name, plan } = choosePlan(catalog, account.plan);
  const [view, { ledger }] = await Promise.all([
    callQuota(c.env, quota, (object) => object.inspect(toLimits(plan))),
    callQuota(c.env, quota, (object) => object.export()),
  ]);
  return {
    logged_as: loggedUser(quota),
    plan: { stored: account.plan ?? null, shown: name },
    blocked: account.blocked ?? false,
    tokens_revoked_before: toIso(account.revokedBefore),
    windows: view.windows.map(toWindowObject),
    leases: view.leases,
    jobs: reservedJobs(ledger, Date.now()).map(toJobObject),
    changes: account.changes.map(toWireChange),
  };
}

function toJobObject({ kind, id, model, bound: { nanoUsd, ...amounts }, at, endsAt, ended }: ReservedJob) {
  const reserved = { ...amounts, usd: toUsd(nanoUsd) };
  return { kind, id: id ?? null, model, reserved, since: toIso(at), ends_at: toIso(endsAt), expired: ended };
}

function toWireChange(change: Change) {
  const at = toIso(change.at);
  if (change.kind === "grant") {
    return { ...change, amount: fromAmount(parseWindowKey(change.window).unit, change.amount), at };
  }
  return change.kind === "revoke" ? { ...change, before: toIso(change.before), at } : { ...change, at };
}

const toIso = (moment: number | undefined) => (moment === undefined ? null : new Date(moment).toISOString());
