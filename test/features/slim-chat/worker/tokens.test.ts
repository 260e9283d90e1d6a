// Tokens of both kinds of issuers, and requests without a valid one.

import type { CryptoKey } from "jose";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { resetCatalogForTests } from "../../../../src/core/catalog/store.ts";
import { createCatalog } from "../../../support/catalog.ts";
import { PUBLIC_KEY_ISSUER, SHARED_SECRET_ISSUER } from "../../../support/issuers.ts";
import { failingKv } from "../../../support/kv-in-trouble.ts";
import { SLIM } from "../../../support/surface.ts";
import { bindings, createSend, send, useCatalog } from "../../../support/workerd.ts";

const SECRET = new TextEncoder().encode(bindings.AUTH_SECRET);
const SHARED = { iss: SHARED_SECRET_ISSUER.issuer, aud: SHARED_SECRET_ISSUER.audience };
const PUBLIC = { iss: PUBLIC_KEY_ISSUER.issuer, aud: PUBLIC_KEY_ISSUER.audience };
const MEGABYTE = 1024 * 1024;
const TINY = 100;
const ROOMY = 10_000_000;

const keys: Record<string, CryptoKey> = {};

beforeAll(async () => {
  await useCatalog(createCatalog());
  const published = [];
  for (const alg of ["ES256", "RS256"]) {
    const { publicKey, privateKey } = await generateKeyPair(alg);
    keys[alg] = privateKey;
    published.push({ ...(await exportJWK(publicKey)), kid: alg, alg, use: "sig" });
  }
  await fetch(PUBLIC_KEY_ISSUER.jwks_url, { method: "PUT", body: JSON.stringify({ keys: published }) });
  keys.stranger = (await generateKeyPair("ES256")).privateKey;
});

/** A token with these claims that is valid for an hour. */
function sign(claims: object, key: CryptoKey | Uint8Array = SECRET, alg = "HS256", kid = alg): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const complete = { sub: crypto.randomUUID(), iat: now, exp: now + 3600, ...claims };
  return new SignJWT(complete).setProtectedHeader({ alg, kid }).sign(key);
}
const signPublic = (claims: object, alg = "ES256") => sign({ ...PUBLIC, ...claims }, keys[alg], alg);

/** A chat that is too large for the plan `tiny` and not for the default plan. */
const chat = (token: string) =>
  send(SLIM.path, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify(SLIM.body({ tokens: 1 }, false)),
  });

async function rateLimit(token: string, header: string): Promise<number> {
  const response = await chat(token);
  await response.text();
  return Number(response.headers.get(`x-ratelimit-${header}`));
}

it.each(["ES256", "RS256"])(
  "a token with a published %s key is accepted, with the issuer's plan claim",
  async (alg) => {
    expect(await rateLimit(await signPublic({ tier: "tiny" }, alg), "limit-tokens")).toBe(TINY);
    expect(await rateLimit(await signPublic({ plan: "tiny" }, alg), "limit-tokens")).toBe(ROOMY);
  },
);

it("all tokens of a subject share one quota, and the same subject of another issuer has its own", async () => {
  const sub = crypto.randomUUID();
  expect(await rateLimit(await sign({ ...SHARED, sub }), "remaining-requests")).toBe(9999);
  expect(await rateLimit(await sign({ ...SHARED, sub, iat: 1 }), "remaining-requests")).toBe(9998);
  expect(await rateLimit(await signPublic({ sub }), "remaining-requests")).toBe(9999);
});

it.each<[string, () => Promise<string>]>([
  ["another secret", () => sign(SHARED, new TextEncoder().encode("another-secret-another-secret-another"))],
  ["the secret for the issuer with keys", () => sign(PUBLIC, SECRET, "HS256", "ES256")],
  ["a key of the other issuer", () => sign(SHARED, keys.ES256, "ES256")],
  ["an unpublished key", () => sign(PUBLIC, keys.stranger, "ES256")],
  ["an unpublished key with an unknown id", () => sign(PUBLIC, keys.stranger, "ES256", "unknown")],
])("a token signed with %s is a 401", async (_what, token) => {
  const response = await chat(await token());
  expect(response.status).toBe(401);
  expect(response.headers.get("www-authenticate")).toBe("Bearer");
  expect(await response.json()).toMatchObject({ error: { code: "invalid_api_key" } });
});

it("a token whose issuer's keys cannot be fetched is a 503, which signs nobody out", async () => {
  const issuer = { ...PUBLIC_KEY_ISSUER, jwks_url: "http://127.0.0.1/down.json" };
  const headers = { authorization: `Bearer ${await signPublic({})}` };
  const response = await createSend({ AUTH_ISSUERS: [issuer] })(SLIM.path, { method: "POST", headers, body: "{}" });
  expect(response.status).toBe(503);
  expect(response.headers.get("retry-after")).toBe("5");
  expect(await response.json()).toMatchObject({ error: { code: "issuer_unavailable" } });
});

it("a request without a token is a 401 even when the catalog cannot be read", async () => {
  resetCatalogForTests();
  const sendWithout = createSend({ CATALOG: failingKv().kv });
  expect((await sendWithout(SLIM.path, { method: "POST", body: "{}" })).status).toBe(401);
  resetCatalogForTests();
});

/** A body with this many megabytes and without a content-length. */
function endless(megabytes: number): ReadableStream<Uint8Array> {
  let left = megabytes;
  return new ReadableStream({
    pull(controller) {
      if (left-- > 0) controller.enqueue(new Uint8Array(MEGABYTE).fill(0x20));
      else controller.close();
    },
  });
}

describe("a body that is too large", () => {
  it("is a 413 without a content-length, too", async () => {
    const headers = { authorization: `Bearer ${await sign(SHARED)}` };
    expect((await send(SLIM.path, { method: "POST", headers, body: endless(5) })).status).toBe(413);
  });

  it("is refused without a token before all of it has arrived", async () => {
    expect([401, 413]).toContain((await send(SLIM.path, { method: "POST", body: endless(64) })).status);
  });
});
