// Who is calling: tokens of both kinds of issuers, and everything that is not one.

import type { CryptoKey } from "jose";
import { base64url, exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { resetCatalogForTests } from "../../../../src/core/catalog/store.ts";
import { createCatalog } from "../../../support/catalog.ts";
import { PUBLIC_KEY_ISSUER, SHARED_SECRET_ISSUER } from "../../../support/issuers.ts";
import { failingKv } from "../../../support/kv-in-trouble.ts";
import { SLIM } from "../../../support/surface.ts";
import { bindings, createSend, send, useCatalog } from "../../../support/workerd.ts";

const secretOf = (text: string) => new TextEncoder().encode(text);
const SECRET = secretOf(bindings.AUTH_SECRET);
const SHARED = { iss: SHARED_SECRET_ISSUER.issuer, aud: SHARED_SECRET_ISSUER.audience };
const PUBLIC = { iss: PUBLIC_KEY_ISSUER.issuer, aud: PUBLIC_KEY_ISSUER.audience };
const MEGABYTE = 1024 * 1024;

const keys: Record<string, CryptoKey> = {};
let stranger: CryptoKey;
let publishedKey: string;

beforeAll(async () => {
  await useCatalog(createCatalog());
  const published = [];
  for (const alg of ["ES256", "RS256"]) {
    const { publicKey, privateKey } = await generateKeyPair(alg);
    keys[alg] = privateKey;
    published.push({ ...(await exportJWK(publicKey)), kid: alg, alg, use: "sig" });
  }
  publishedKey = JSON.stringify(published[0]);
  await fetch(PUBLIC_KEY_ISSUER.jwks_url, { method: "PUT", body: JSON.stringify({ keys: published }) });
  stranger = (await generateKeyPair("ES256")).privateKey;
});
afterEach(() => {
  vi.useRealTimers();
});

const seconds = () => Math.floor(Date.now() / 1000);

/** A token of these claims that is valid for an hour; a claim that is undefined is left out. */
function sign(claims: object, key: CryptoKey | Uint8Array = SECRET, alg = "HS256", kid = alg): Promise<string> {
  const complete = { sub: crypto.randomUUID(), iat: seconds(), exp: seconds() + 3600, ...claims };
  return new SignJWT(complete).setProtectedHeader({ alg, kid }).sign(key);
}
const signPublic = (claims: object, alg = "ES256") => sign({ ...PUBLIC, ...claims }, keys[alg], alg);

/** A chat that is too large for the plan `tiny` and not for the default one. */
const chat = (token: string, scheme = "Bearer") =>
  send(SLIM.path, {
    method: "POST",
    headers: { authorization: `${scheme} ${token}` },
    body: JSON.stringify(SLIM.body({ tokens: 1 }, false)),
  });

/** What is left of 100 tokens under the plan `tiny`, and of ten million under the default one. */
const limitOf = async (token: string) => {
  const response = await chat(token);
  await response.text();
  return Number(response.headers.get("x-ratelimit-limit-tokens"));
};
const TINY = 100;
const ROOMY = 10_000_000;

describe("a token is accepted", () => {
  it.each(["ES256", "RS256"])("with an %s key that its issuer has published", async (alg) => {
    expect(await limitOf(await signPublic({ tier: "tiny" }, alg))).toBe(TINY);
    expect(await limitOf(await signPublic({}, alg))).toBe(ROOMY);
  });

  it("with the shared secret, and whatever the case of the scheme", async () => {
    expect(await limitOf(await sign({ ...SHARED, plan: "tiny" }))).toBe(TINY);
    expect((await chat(await sign(SHARED), "bEARER")).status).toBe(200);
  });

  it("until a few seconds after it expires, although it is cached", async () => {
    const token = await sign({ ...SHARED, exp: seconds() + 60 });
    expect((await chat(token)).status).toBe(200);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 66_000 });
    expect((await chat(token)).status).toBe(401);
  });
});

describe("the plan", () => {
  it("comes from the claim that the issuer is configured with, and no other", async () => {
    expect(await limitOf(await signPublic({ plan: "tiny" }))).toBe(ROOMY);
    expect(await limitOf(await sign({ ...SHARED, tier: "tiny" }))).toBe(ROOMY);
  });
});

const requestsLeft = async (token: string) => {
  const response = await chat(token);
  await response.text();
  return Number(response.headers.get("x-ratelimit-remaining-requests"));
};

it("the quota is one for all tokens of a subject, and another one at another issuer", async () => {
  const sub = crypto.randomUUID();
  expect(await requestsLeft(await sign({ ...SHARED, sub }))).toBe(9999);
  expect(await requestsLeft(await sign({ ...SHARED, sub, iat: 1 }))).toBe(9998);
  expect(await requestsLeft(await signPublic({ sub }))).toBe(9999);
});

/** `header.claims.` with an empty signature. */
const unsigned = (claims: object) =>
  `${[{ alg: "none" }, claims].map((part) => base64url.encode(JSON.stringify(part))).join(".")}.`;

async function tampered(): Promise<string> {
  const [header, , signature] = (await sign(SHARED)).split(".");
  const claims = { ...SHARED, sub: "somebody-else", exp: seconds() + 3600 };
  return `${header}.${base64url.encode(JSON.stringify(claims))}.${signature}`;
}

const CLAIMS = { sub: "somebody", exp: seconds() + 7200 };
const REFUSED: [string, () => Promise<string> | string][] = [
  ["it is missing", () => ""],
  ["its claims were changed", tampered],
  ["another secret signed it", () => sign(SHARED, secretOf("another-secret-another-secret-another"))],
  ["it has expired", () => sign({ ...SHARED, exp: seconds() - 3600 })],
  ["its issuer is unknown", () => sign({ ...SHARED, iss: "https://stranger.example" })],
  ["it is not signed", () => unsigned({ ...SHARED, ...CLAIMS })],
  ["the secret signed it for the issuer with keys", () => sign(PUBLIC, SECRET, "HS256", "ES256")],
  ["the public key was used as a secret", () => sign(PUBLIC, secretOf(publishedKey), "HS256", "ES256")],
  ["the issuer with keys signed for the other one", () => sign(SHARED, keys.ES256, "ES256")],
  ["a stranger's key signed it", () => sign(PUBLIC, stranger, "ES256")],
  ["a stranger's key with an unknown name signed it", () => sign(PUBLIC, stranger, "ES256", "unknown")],
];

describe("a token is refused, always with the same words", () => {
  it.each(REFUSED)("when %s", async (_, token) => {
    const response = await chat(await token());
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toBe("Bearer");
    expect(await response.json()).toEqual({
      error: {
        message: "This request needs a valid token. Send it as 'Authorization: Bearer <token>'.",
        type: "invalid_request_error",
        param: null,
        code: "invalid_api_key",
      },
    });
  });

  it("when it comes with another scheme", async () => {
    expect((await chat(await sign(SHARED), "Basic")).status).toBe(401);
  });

  it("even where the catalog cannot be read", async () => {
    resetCatalogForTests();
    const sendWithout = createSend({ CATALOG: failingKv().kv });
    const response = await sendWithout(SLIM.path, { method: "POST", body: "{}" });
    expect(response.status).toBe(401);
    resetCatalogForTests();
  });
});

/** A body of so many megabytes that does not tell its length. */
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
  it("is a 413 though it does not tell its length", async () => {
    const headers = { authorization: `Bearer ${await sign(SHARED)}` };
    expect((await send(SLIM.path, { method: "POST", headers, body: endless(5) })).status).toBe(413);
  });

  it("of a stranger is refused before all of it has arrived", async () => {
    expect([401, 413]).toContain((await send(SLIM.path, { method: "POST", body: endless(64) })).status);
  });
});
