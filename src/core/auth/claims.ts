// Converts the verified claims of a token to its user. Pure.

import type { JWTPayload } from "jose";
import * as v from "valibot";
import { InternalError } from "../errors.ts";
import type { Issuer } from "./issuers.ts";
import type { User } from "./user.ts";

const Claims = v.object({
  // Halves of surrogate pairs are equal in UTF-8, so two such subjects would share one quota.
  sub: v.pipe(
    v.string(),
    v.minLength(1),
    v.check((text) => text.isWellFormed()),
  ),
  exp: v.number(),
  iat: v.optional(v.pipe(v.number(), v.finite()), 0),
});

/**
 * Returns the user of verified claims, and their expiry (epoch ms). Throws an InternalError for claims of a wrong type.
 */
export function userOfClaims(claims: JWTPayload, issuer: Issuer): { user: User; expiresAt: number } {
  const parsed = v.safeParse(Claims, claims);
  if (!parsed.success) throw new InternalError(`the claim '${v.getDotPath(parsed.issues[0])}' is missing or not valid`);
  const { sub, exp, iat } = parsed.output;
  const plan = claimAt(claims, issuer.plan_claim);
  return {
    user: {
      issuer: issuer.issuer,
      subject: sub,
      plan: typeof plan === "string" ? plan : undefined,
      issuedAt: iat * 1000,
    },
    expiresAt: exp * 1000,
  };
}

/** Returns the claim of exactly that name, else the one at that path: `app_metadata.plan`. */
function claimAt(claims: JWTPayload, name: string): unknown {
  return Object.hasOwn(claims, name) ? claims[name] : name.split(".").reduce<unknown>(ownValue, claims);
}

function ownValue(value: unknown, key: string): unknown {
  const isOwn = typeof value === "object" && value !== null && Object.hasOwn(value, key);
  return isOwn ? (value as Record<string, unknown>)[key] : undefined;
}
