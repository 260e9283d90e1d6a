// Verification of a caller's JWT (RFC 7519), with a cache of verified tokens.

import type { JWTPayload, JWTVerifyOptions } from "jose";
import { base64url, createRemoteJWKSet, jwtVerify } from "jose";
import { apiError, CHALLENGE } from "../errors.ts";
import type { ApiError } from "../errors.ts";
import type { Issuer } from "./issuers.ts";
import { issuersOf } from "./issuers.ts";
import type { User } from "./user.ts";

interface AuthEnv {
  AUTH_ISSUERS: unknown;
  AUTH_SECRET: string;
}

/** Algorithms for issuers with published keys. HS256 is only for AUTH_SECRET, to prevent algorithm confusion. */
const PUBLIC_KEY_ALGORITHMS = ["ES256", "ES384", "RS256", "RS384", "RS512", "PS256", "EdDSA"];
/** Allowed difference between the clocks of issuer and Worker. */
const CLOCK_TOLERANCE_S = 5;
const MAX_CACHED_TOKENS = 1000;
/** Cached tokens of a withdrawn key stop working after this time. */
const CACHE_MS = 5 * 60_000;

const verifiedTokens = new Map<string, { user: User; until: number }>();
const keySets = new Map<string, ReturnType<typeof createRemoteJWKSet>>();

/**
 * Returns the user of an `Authorization: Bearer <JWT>` header; `now` in epoch ms. Checks signature, algorithm, `iss`,
 * `aud`, `sub` and `exp`; all are required. Every failure throws the same 401 `invalid_api_key` and reveals no reason.
 */
export async function authenticate(authorization: string | undefined, env: AuthEnv, now: number): Promise<User> {
  const token = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(authorization ?? "")?.[1];
  if (!token) throw unauthorized("no bearer token");
  const cached = verifiedTokens.get(token);
  if (cached && now < cached.until) return cached.user;

  const issuers = issuersOf(env);
  const { claims, issuer } = await verify(token, issuers, env.AUTH_SECRET, now);
  const plan = claims[issuer.plan_claim];
  const user: User = {
    issuer: issuer.issuer,
    subject: claims.sub,
    plan: typeof plan === "string" ? plan : undefined,
    issuedAt: (claims.iat ?? 0) * 1000,
  };
  cacheUser(token, user, Math.min(claims.exp * 1000, now + CACHE_MS));
  return user;
}

async function verify(token: string, issuers: Issuer[], secret: string | undefined, now: number) {
  try {
    // The unverified `iss` only selects the issuer's rules; jwtVerify then verifies it with them.
    const payload = base64url.decode(token.split(".")[1] ?? "");
    const { iss: claimed } = JSON.parse(new TextDecoder().decode(payload)) as JWTPayload;
    const issuer = issuers.find((candidate) => candidate.issuer === claimed);
    if (!issuer) throw new Error("unknown issuer");
    const rules: JWTVerifyOptions = {
      issuer: issuer.issuer,
      audience: issuer.audience,
      requiredClaims: ["sub", "exp"],
      currentDate: new Date(now),
      clockTolerance: CLOCK_TOLERANCE_S,
    };
    const claims = issuer.jwks_url
      ? (await jwtVerify(token, keySet(issuer.jwks_url), { ...rules, algorithms: PUBLIC_KEY_ALGORITHMS })).payload
      : (await jwtVerify(token, sharedKey(secret), { ...rules, algorithms: ["HS256"] })).payload;
    return { claims: withSubject(claims), issuer };
  } catch (cause) {
    throw unauthorized(cause);
  }
}

function withSubject(claims: JWTPayload): JWTPayload & { sub: string; exp: number } {
  const { sub, exp } = claims;
  if (!sub || !exp) throw new Error("the claim sub or exp is missing or empty");
  return { ...claims, sub, exp };
}

function sharedKey(secret: string | undefined): Uint8Array {
  if (!secret) throw new Error("AUTH_SECRET is not set: npx wrangler secret put AUTH_SECRET");
  return new TextEncoder().encode(secret);
}

function keySet(url: string) {
  const keys = keySets.get(url) ?? createRemoteJWKSet(new URL(url));
  keySets.set(url, keys);
  return keys;
}

function cacheUser(token: string, user: User, until: number): void {
  verifiedTokens.delete(token);
  const oldest = verifiedTokens.size >= MAX_CACHED_TOKENS ? verifiedTokens.keys().next().value : undefined;
  if (oldest) verifiedTokens.delete(oldest);
  verifiedTokens.set(token, { user, until });
}

function unauthorized(cause: unknown): ApiError {
  return apiError("invalid_api_key", "This request needs a valid token. Send it as 'Authorization: Bearer <token>'.", {
    cause,
    headers: CHALLENGE,
  });
}
