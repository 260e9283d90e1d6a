// The public keys of an issuer (JWKS, RFC 7517), cached in the isolate.
// Keys that were fetched once stay in use while a refresh fails: an outage of the key server signs nobody out.

import type { JSONWebKeySet, JWTVerifyGetKey } from "jose";
import { createLocalJWKSet, errors } from "jose";
import { connectionFault } from "../http/connection-fault.ts";
import { readAtMost } from "../http/read-at-most.ts";
import { apiError, InternalError } from "../errors.ts";
import { toLogged } from "../log.ts";

/** Older keys are refreshed, so that a withdrawn key stops working. */
const MAX_AGE_MS = 600_000;
/** Younger keys are not fetched again for a token with an unknown key. */
const COOLDOWN_MS = 30_000;
/** Pause after a failed fetch. */
const RETRY_MS = 5000;
const TIMEOUT_MS = 5000;
const POLL_MS = 20;
const MAX_KIBIBYTES = 256;

type FindKey = ReturnType<typeof createLocalJWKSet>;

const keySets = new Map<string, JWTVerifyGetKey>();

/** Returns the key resolver of an issuer for `jwtVerify`. It throws 503 `issuer_unavailable` when it has no keys. */
export function issuerKeys(url: string): JWTVerifyGetKey {
  const keys = keySets.get(url) ?? createIssuerKeys(url);
  keySets.set(url, keys);
  return keys;
}

function createIssuerKeys(url: string): JWTVerifyGetKey {
  // Requests share data but not promises, because a promise is bound to the request that created it.
  let find: FindKey | undefined;
  let fetchedAt = -Infinity;
  let busyUntil = 0;
  let failure: { cause: unknown; until: number } | undefined;

  /** Fetches the keys, once for all requests that wait for them. Throws when they are not available. */
  async function refresh(): Promise<void> {
    const startedAt = Date.now();
    while (Date.now() < busyUntil) await scheduler.wait(POLL_MS);
    if (fetchedAt >= startedAt) return;
    if (failure && Date.now() < failure.until) throw failure.cause;
    busyUntil = Date.now() + TIMEOUT_MS;
    try {
      find = createLocalJWKSet(await fetchKeys(url));
      fetchedAt = Date.now();
      failure = undefined;
    } catch (thrown) {
      const cause = thrown instanceof InternalError ? thrown : noKeys(url);
      failure = { cause, until: Date.now() + RETRY_MS };
      console.warn(JSON.stringify({ event: "issuer_keys_not_refreshed", reason: toLogged(cause) }));
      throw cause;
    } finally {
      busyUntil = 0;
    }
  }

  async function current(): Promise<FindKey> {
    const isOld = Date.now() - fetchedAt >= MAX_AGE_MS;
    if (!find) await refresh();
    // Another request that refreshes old keys, or a failure, leaves the last keys in use.
    else if (isOld && Date.now() >= busyUntil) await refresh().catch(() => undefined);
    if (!find) throw noKeys(url);
    return find;
  }

  return async (header, token) => {
    try {
      const before = await current();
      try {
        return await before(header, token);
      } catch (error) {
        const isRecent = Date.now() - fetchedAt < COOLDOWN_MS;
        if (!(error instanceof errors.JWKSNoMatchingKey) || isRecent) throw error;
      }
      await refresh();
      return await (
        await current()
      )(header, token);
    } catch (error) {
      throw isAboutToken(error) ? error : unavailable(error);
    }
  };
}

/** Tests if an error is about the token: it matches none of the keys, or several. */
function isAboutToken(error: unknown): boolean {
  const { JWKSNoMatchingKey, JWKSMultipleMatchingKeys, JOSENotSupported } = errors;
  return [JWKSNoMatchingKey, JWKSMultipleMatchingKeys, JOSENotSupported].some((kind) => error instanceof kind);
}

async function fetchKeys(url: string): Promise<JSONWebKeySet> {
  const { host } = new URL(url);
  try {
    const headers = { accept: "application/jwk-set+json, application/json" };
    const response = await fetch(url, { headers, redirect: "manual", signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (response.status !== 200) {
      await response.body?.cancel();
      throw new InternalError(`status ${response.status} in place of keys: host ${host}`);
    }
    const { bytes, isWhole } = await readAtMost(response.body, MAX_KIBIBYTES * 1024);
    if (!isWhole) throw new InternalError(`more than ${MAX_KIBIBYTES} KiB of keys: host ${host}`);
    return JSON.parse(new TextDecoder().decode(bytes)) as JSONWebKeySet;
  } catch (thrown) {
    if (thrown instanceof InternalError) throw thrown;
    if (thrown instanceof SyntaxError) throw noKeys(url);
    const isLate = thrown instanceof DOMException && thrown.name === "TimeoutError";
    throw isLate ? new InternalError(`no answer within ${TIMEOUT_MS} ms: host ${host}`) : connectionFault(host, thrown);
  }
}

const noKeys = (url: string) => new InternalError(`no JSON Web Key Set in the answer: host ${new URL(url).host}`);

/** The public message names neither issuer nor host. */
const unavailable = (cause: unknown) =>
  apiError(
    "issuer_unavailable",
    "Your token could not be checked, because its issuer's keys are not available. Please try again.",
    { cause, headers: { "retry-after": String(RETRY_MS / 1000) } },
  );
