// Verifies a caller's JWT (RFC 7519) and remembers the verdict for as long as it cannot change by itself.

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

/** Signatures that an issuer with published keys may use. A shared secret never verifies these, nor they HS256. */
const PUBLIC_KEY_ALGORITHMS = ["ES256", "ES384", "RS256", "RS384", "RS512", "PS256", "EdDSA"];
/** Issuers' clocks and ours differ by a little. */
const CLOCK_TOLERANCE_S = 5;
const REMEMBERED_TOKENS = 1000;
/** A key that its issuer withdrew stops working after at most this long. */
const REMEMBERED_MS = 5 * 60_000;

const remembered = new Map<string, { user: User; until: number }>();
const keySets = new Map<string, ReturnType<typeof createRemoteJWKSet>>();

/**
 * The caller that an `Authorization: Bearer <JWT>` header names. Signature, algorithm, `iss`, `aud`, `sub` and `exp`
 * are required and checked. Every failure throws the same 401 `invalid_api_key`, so that a stranger learns nothing.
 */
export async function authenticate(authorization: string | undefined, env: AuthEnv, now: number): Promise<User> {
  const token = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(authorization ?? "")?.[1];
  if (!token) throw unauthorized("no bearer token");
  const known = remembered.get(token);
  if (known && now < known.until) return known.user;

  const issuers = issuersOf(env);
  const { claims, issuer } = await verify(token, issuers, env.AUTH_SECRET, now);
  const plan = claims[issuer.plan_claim];
  const user: User = {
    issuer: issuer.issuer,
    subject: claims.sub,
    plan: typeof plan === "string" ? plan : undefined,
    issuedAt: (claims.iat ?? 0) * 1000,
  };
  remember(token, user, Math.min(claims.exp * 1000, now + REMEMBERED_MS));
  return user;
}

async function verify(token: string, issuers: Issuer[], secret: string | undefined, now: number) {
  try {
    // The claim is only used to choose which issuer's rules apply; jwtVerify then checks it under those rules.
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
  if (!sub || !exp) throw new Error("empty subject");
  return { ...claims, sub, exp };
}

function sharedKey(secret: string | undefined): Uint8Array {
  if (!secret) throw new Error("AUTH_SECRET is not set: npx wrangler secret put AUTH_SECRET");
  return new TextEncoder().encode(secret);
}

function keySet(url: string) {
  const known = keySets.get(url) ?? createRemoteJWKSet(new URL(url));
  keySets.set(url, known);
  return known;
}

function remember(token: string, user: User, until: number): void {
  remembered.delete(token);
  const oldest = remembered.size >= REMEMBERED_TOKENS ? remembered.keys().next().value : undefined;
  if (oldest) remembered.delete(oldest);
  remembered.set(token, { user, until });
}

function unauthorized(cause: unknown): ApiError {
  return apiError("invalid_api_key", "This request needs a valid token. Send it as 'Authorization: Bearer <token>'.", {
    cause,
    headers: CHALLENGE,
  });
}
