import type { CryptoKey } from "jose";
import { base64url, exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { Usage } from "../support/caller.ts";
import { createCaller } from "../support/caller.ts";
import { createCatalog } from "../support/catalog.ts";
import { PUBLIC_KEY_ISSUER, SHARED_SECRET_ISSUER } from "../support/issuers.ts";
import { ask, SLIM } from "../support/surface.ts";
import { bindings, send, useCatalog } from "../support/workerd.ts";

const secretOf = (text: string) => new TextEncoder().encode(text);
const SECRET = secretOf(bindings.AUTH_SECRET);
const SHARED = { iss: SHARED_SECRET_ISSUER.issuer, aud: SHARED_SECRET_ISSUER.audience };
const PUBLIC = { iss: PUBLIC_KEY_ISSUER.issuer, aud: PUBLIC_KEY_ISSUER.audience };

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

/** A token of these claims that is valid for an hour; a claim that is undefined is left out. */
function sign(
  claims: Record<string, unknown>,
  key: CryptoKey | Uint8Array = SECRET,
  alg = "HS256",
  kid = alg,
): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const complete = { sub: crypto.randomUUID(), iat: now, exp: now + 3600, ...claims };
  return new SignJWT(complete).setProtectedHeader({ alg, kid }).sign(key);
}

const signPublic = (claims: Record<string, unknown>, alg = "ES256") => sign({ ...PUBLIC, ...claims }, keys[alg], alg);
const usageOf = async (token: string) => (await (await callerOf(token).get("/usage")).json()) as Usage;
const callerOf = (token: string) => createCaller(send, token);

describe("a token is believed", () => {
  it.each(["ES256", "RS256"])("when its issuer published the %s key that signed it", async (alg) => {
    const token = await signPublic({ tier: "tiny" }, alg);
    expect(await usageOf(token)).toMatchObject({ plan: "tiny" });
    const response = await ask(callerOf(await signPublic({}, alg)), SLIM, { tokens: 1 });
    expect(response.status).toBe(200);
    await response.text();
  });

  it("when the shared secret signed it", async () => {
    expect(await usageOf(await sign({ ...SHARED, plan: "tiny" }))).toMatchObject({ plan: "tiny" });
  });

  it("when its audience is one of several", async () => {
    expect(await usageOf(await sign({ ...SHARED, aud: ["another", "weir"] }))).toMatchObject({ plan: "roomy" });
  });

  it("whatever the letters of the scheme", async () => {
    const response = await send("/usage", { headers: { authorization: `bEARER ${await sign(SHARED)}` } });
    expect(response.status).toBe(200);
  });

  it("until it expires, or a little later, although it is remembered", async () => {
    const token = await sign({ ...SHARED, exp: Math.floor(Date.now() / 1000) + 60 });
    expect((await callerOf(token).get("/usage")).status).toBe(200);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 66_000 });
    expect((await callerOf(token).get("/usage")).status).toBe(401);
  });
});

describe("the plan", () => {
  it("comes from the claim that the issuer was configured with, and no other", async () => {
    expect(await usageOf(await signPublic({ plan: "tiny" }))).toMatchObject({ plan: "roomy" });
    expect(await usageOf(await sign({ ...SHARED, tier: "tiny" }))).toMatchObject({ plan: "roomy" });
  });

  it.each([["constructor"], ["no-such-plan"], [""], [7], [["tiny"]], [null]])(
    "is the default one when the claim is %j",
    async (plan) => {
      expect(await usageOf(await sign({ ...SHARED, plan }))).toMatchObject({ plan: "roomy" });
    },
  );
});

describe("the quota", () => {
  it("is one for all tokens of a subject", async () => {
    const sub = crypto.randomUUID();
    await (await ask(callerOf(await sign({ ...SHARED, sub })), SLIM, { tokens: 1 })).text();
    const { requests } = await callerOf(await sign({ ...SHARED, sub, iat: 1 })).settled();
    expect(requests).toBe(1);
  });

  it("of a subject is another at another issuer", async () => {
    const sub = crypto.randomUUID();
    const user = callerOf(await sign({ ...SHARED, sub }));
    await (await ask(user, SLIM, { tokens: 1 })).text();
    expect(await user.settled()).toMatchObject({ requests: 1 });
    expect(await callerOf(await signPublic({ sub })).settled()).toMatchObject({ requests: 0 });
  });
});

/** `header.claims.` with an empty signature. */
const unsigned = (header: object, claims: object) =>
  `${[header, claims].map((part) => base64url.encode(JSON.stringify(part))).join(".")}.`;

async function tampered(): Promise<string> {
  const [header, , signature] = (await sign(SHARED)).split(".");
  const claims = { ...SHARED, sub: "somebody-else", exp: Math.floor(Date.now() / 1000) + 3600 };
  return `${header}.${base64url.encode(JSON.stringify(claims))}.${signature}`;
}

const HOUR_AGO = Math.floor(Date.now() / 1000) - 3600;
const CLAIMS = { sub: "somebody", exp: HOUR_AGO + 7200 };

const REFUSED: [string, () => Promise<string> | string][] = [
  ["it is not there", () => ""],
  ["it is no token", () => "sk-1234567890"],
  ["it has four parts", async () => `${await sign(SHARED)}.x`],
  ["its claims were changed", tampered],
  ["another secret signed it", () => sign(SHARED, secretOf("another-secret-another-secret-another"))],
  ["it has expired", () => sign({ ...SHARED, exp: HOUR_AGO })],
  ["it is not valid yet", () => sign({ ...SHARED, nbf: HOUR_AGO + 7200 })],
  ["it never expires", () => sign({ ...SHARED, exp: undefined })],
  ["it has no subject", () => sign({ ...SHARED, sub: undefined })],
  ["its subject is empty", () => sign({ ...SHARED, sub: "" })],
  ["it has no issuer", () => sign({ ...SHARED, iss: undefined })],
  ["its issuer is unknown", () => sign({ ...SHARED, iss: "https://stranger.example" })],
  ["it is meant for another audience", () => sign({ ...SHARED, aud: "another" })],
  ["it has no audience", () => sign({ ...SHARED, aud: undefined })],
  ["it is not signed", () => unsigned({ alg: "none" }, { ...SHARED, ...CLAIMS })],
  ["it is not signed, at an issuer with keys", () => unsigned({ alg: "none" }, { ...PUBLIC, ...CLAIMS })],
  ["it is signed with HS512", () => sign(SHARED, SECRET, "HS512")],
  ["the secret signed it for the issuer with keys", () => sign(PUBLIC, SECRET, "HS256", "ES256")],
  ["the public key was used as a secret", () => sign(PUBLIC, secretOf(publishedKey), "HS256", "ES256")],
  ["the issuer with keys signed for the other one", () => sign(SHARED, keys.ES256, "ES256")],
  ["a stranger's key signed it", () => sign(PUBLIC, stranger, "ES256")],
  ["a stranger's key with an unknown name signed it", () => sign(PUBLIC, stranger, "ES256", "unknown")],
  ["an issuer's audience is not its own", () => signPublic({ aud: SHARED.aud })],
  ["an issuer's token has expired", () => signPublic({ exp: HOUR_AGO })],
];

describe("a token is refused, always with the same words", () => {
  it.each(REFUSED)("when %s", async (_, token) => {
    const response = await send("/usage", { headers: { authorization: `Bearer ${await token()}` } });
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
    const response = await send("/usage", { headers: { authorization: `Basic ${await sign(SHARED)}` } });
    expect(response.status).toBe(401);
  });
});
