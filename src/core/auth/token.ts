// Verification of a caller's JWT (RFC 7519), with a cache of verified tokens.

import type { JWTPayload, JWTVerifyOptions } from "jose";
import { base64url, errors, jwtVerify } from "jose";
import { setNewest } from "../bounded-map.ts";
import { ApiError, apiError, CHALLENGE, InternalError } from "../errors.ts";
import { userOfClaims } from "./claims.ts";
import { issuerKeys } from "./issuer-keys.ts";
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

/**
 * Returns the user of an `Authorization: Bearer <JWT>` header; `now` in epoch ms. Checks signature, algorithm, `iss`,
 * `aud`, `sub` and `exp`; all are required. Every fault of the token throws the same 401 `invalid_api_key` and reveals
 * no reason. Throws 503 `issuer_unavailable` when the issuer's keys cannot be fetched, and 500 `not_configured`.
 */
export async function authenticate(authorization: string | undefined, env: AuthEnv, now: number): Promise<User> {
  const token = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(authorization ?? "")?.[1];
  if (!token) throw unauthorized("no bearer token");
  const cached = verifiedTokens.get(token);
  if (cached && now < cached.until) return cached.user;

  const { user, expiresAt } = await verify(token, issuersOf(env), env.AUTH_SECRET, now);
  setNewest(verifiedTokens, token, { user, until: Math.min(expiresAt, now + CACHE_MS) }, MAX_CACHED_TOKENS);
  return user;
}

async function verify(token: string, issuers: Issuer[], secret: string | undefined, now: number) {
  try {
    // The unverified `iss` only selects the issuer's rules; jwtVerify then verifies it with them.
    const payload = base64url.decode(token.split(".")[1] ?? "");
    const { iss: claimed } = JSON.parse(new TextDecoder().decode(payload)) as JWTPayload;
    const issuer = issuers.find((candidate) => candidate.issuer === claimed);
    if (!issuer) throw new InternalError("unknown issuer");
    const rules: JWTVerifyOptions = {
      issuer: issuer.issuer,
      audience: issuer.audience,
      requiredClaims: ["sub", "exp"],
      currentDate: new Date(now),
      clockTolerance: CLOCK_TOLERANCE_S,
    };
    const claims = issuer.jwks_url
      ? await verifyWithKeys(token, issuer.jwks_url, { ...rules, algorithms: PUBLIC_KEY_ALGORITHMS })
      : (await jwtVerify(token, sharedKey(secret), { ...rules, algorithms: ["HS256"] })).payload;
    return userOfClaims(claims, issuer);
  } catch (cause) {
    throw cause instanceof ApiError ? cause : unauthorized(cause);
  }
}

async function verifyWithKeys(token: string, jwksUrl: string, rules: JWTVerifyOptions): Promise<JWTPayload> {
  try {
    return (await jwtVerify(token, issuerKeys(jwksUrl), rules)).payload;
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    // The token names no key, so every key of the issuer is tried.
    for await (const key of error) {
      const verified = await jwtVerify(token, key, rules).catch((fault: unknown) => {
        if (!(fault instanceof errors.JWSSignatureVerificationFailed)) throw fault;
      });
      if (verified) return verified.payload;
    }
    throw new errors.JWSSignatureVerificationFailed();
  }
}

function sharedKey(secret: string | undefined): Uint8Array {
  if (secret) return new TextEncoder().encode(secret);
  throw apiError("not_configured", "This server is not configured to accept callers.", {
    cause: "AUTH_SECRET is not set: npx wrangler secret put AUTH_SECRET",
  });
}

function unauthorized(cause: unknown): ApiError {
  return apiError("invalid_api_key", "This request needs a valid token. Send it as 'Authorization: Bearer <token>'.", {
    cause,
    headers: CHALLENGE,
  });
}
