// JWT verification: a valid token identifies its user, and every other header gets the same 401.

import type { JWTPayload } from "jose";
import { generateKeyPair, SignJWT } from "jose";
import { describe, expect, it } from "vitest";
import { authenticate } from "../../../../src/core/auth/token.ts";
import { toLogged } from "../../../../src/core/log.ts";
import { refusalOf } from "../../../support/refusals.ts";

const NOW = Date.UTC(2026, 10, 23, 12);
/** Long enough for every HMAC that a token may claim. */
const SECRET = "test-secret-".repeat(6);
const KEYS_URL = "https://keys.invalid/jwks.json";
const ENV = {
  AUTH_SECRET: SECRET,
  AUTH_ISSUERS: [
    { issuer: "weir", audience: "weir" },
    { issuer: "shop", audience: "app", plan_claim: "https://shop.test/tier" },
    { issuer: "cloud", audience: "app", jwks_url: KEYS_URL },
    { issuer: "base", audience: "app", plan_claim: "app_metadata.plan" },
    { issuer: "odd", audience: "app", plan_claim: "constructor.name" },
  ],
};
const CLAIMS = { iss: "weir", aud: "weir", sub: "alice", exp: NOW / 1000 + 3600 };

/** Each token is different, because verified tokens are cached. */
let serial = 0;
function sign(claims: JWTPayload = {}, secret = SECRET, alg = "HS256"): Promise<string> {
  serial += 1;
  return new SignJWT({ ...CLAIMS, ...claims, serial })
    .setProtectedHeader({ alg })
    .sign(new TextEncoder().encode(secret));
}

const publicKeyToken = async (iss: string, aud: string) => {
  const { privateKey } = await generateKeyPair("ES256");
  return new SignJWT({ ...CLAIMS, iss, aud }).setProtectedHeader({ alg: "ES256" }).sign(privateKey);
};
const without = (claim: keyof typeof CLAIMS) => sign({ [claim]: undefined });
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const come = (token: string, now = NOW, env = ENV) => authenticate(`Bearer ${token}`, env, now);

describe("a valid token", () => {
  it.each<[string, JWTPayload, object]>([
    ["has an issuer and a subject", {}, { issuer: "weir", subject: "alice", plan: undefined, issuedAt: 0 }],
    ["can have a time of issue", { iat: NOW / 1000 - 9 }, { issuedAt: NOW - 9000 }],
    ["can claim a plan", { plan: "pro" }, { plan: "pro" }],
    [
      "claims its plan with its issuer's claim",
      { iss: "shop", aud: "app", plan: "free", "https://shop.test/tier": "gold" },
      { issuer: "shop", plan: "gold" },
    ],
    [
      "claims its plan in an object, when the issuer's claim is a path",
      { iss: "base", aud: "app", app_metadata: { plan: "pro" } },
      { plan: "pro" },
    ],
    [
      "claims its plan with the exact name before the path",
      { iss: "base", aud: "app", app_metadata: { plan: "pro" }, "app_metadata.plan": "gold" },
      { plan: "gold" },
    ],
    [
      "claims no plan where the path ends in a text",
      { iss: "base", aud: "app", app_metadata: "plan" },
      { plan: undefined },
    ],
    ["claims no plan by inheritance", { iss: "odd", aud: "app" }, { plan: undefined }],
    ["claims no plan with a value that is not a string", { plan: ["pro"] }, { plan: undefined }],
    ["can have several audiences", { aud: ["other", "weir"] }, { subject: "alice" }],
  ])("%s", async (_what, claims, user) => {
    expect(await come(await sign(claims))).toMatchObject(user);
  });

  it("can follow the scheme in any case", async () => {
    expect((await authenticate(`bearer ${await sign()}`, ENV, NOW)).subject).toBe("alice");
  });
});

describe("a caller without a valid token", () => {
  const failures: [string, () => string | undefined | Promise<string | undefined>][] = [
    ["no header", () => undefined],
    ["an empty header", () => ""],
    ["a scheme alone", () => "Bearer"],
    ["another scheme", async () => `Basic ${await sign()}`],
    ["a token alone", () => sign()],
    ["two tokens", async () => `Bearer ${await sign()} ${await sign()}`],
    ["garbage of the right shape", () => "Bearer aaaa.bbbb.cccc"],
    ["a wrong secret", async () => `Bearer ${await sign({}, "another-secret-another-secret-another")}`],
    [
      "a changed claim",
      async () => {
        const [header, , signature] = (await sign()).split(".");
        return `Bearer ${header}.${encode({ ...CLAIMS, sub: "root" })}.${signature}`;
      },
    ],
    ["no algorithm", () => `Bearer ${encode({ alg: "none" })}.${encode(CLAIMS)}.AAAA`],
    ["another algorithm of the same secret", async () => `Bearer ${await sign({}, SECRET, "HS512")}`],
    [
      "a public key's algorithm at an issuer with a secret",
      async () => `Bearer ${await publicKeyToken("weir", "weir")}`,
    ],
    [
      "a secret's algorithm at an issuer with public keys",
      async () => `Bearer ${await sign({ iss: "cloud", aud: "app" })}`,
    ],
    ["an unknown issuer", async () => `Bearer ${await sign({ iss: "elsewhere" })}`],
    ["no issuer", async () => `Bearer ${await without("iss")}`],
    ["another issuer's audience", async () => `Bearer ${await sign({ iss: "shop" })}`],
    ["another audience", async () => `Bearer ${await sign({ aud: "other" })}`],
    ["no audience", async () => `Bearer ${await without("aud")}`],
    ["no subject", async () => `Bearer ${await without("sub")}`],
    ["an empty subject", async () => `Bearer ${await sign({ sub: "" })}`],
    ["a subject that is a number", async () => `Bearer ${await sign({ sub: 42 as unknown as string })}`],
    ["a subject that is an object", async () => `Bearer ${await sign({ sub: {} as unknown as string })}`],
    ["a subject with half a surrogate pair", async () => `Bearer ${await sign({ sub: "alice\ud83e" })}`],
    ["a time of issue that is text", async () => `Bearer ${await sign({ iat: "yesterday" as unknown as number })}`],
    ["no expiry", async () => `Bearer ${await without("exp")}`],
    ["an expiry in the past", async () => `Bearer ${await sign({ exp: NOW / 1000 - 60 })}`],
    ["an expiry as long ago as clocks may differ", async () => `Bearer ${await sign({ exp: NOW / 1000 - 5 })}`],
    ["an expiry that is text", async () => `Bearer ${await sign({ exp: "never" as unknown as number })}`],
    ["a beginning in the future", async () => `Bearer ${await sign({ nbf: NOW / 1000 + 60 })}`],
  ];

  it.each(failures)("gets the same 401: %s", async (_what, headerOf) => {
    const header = await headerOf();
    const error = await refusalOf(() => authenticate(header, ENV, NOW));
    expect(error.status).toBe(401);
    expect(error.body).toEqual({
      message: "This request needs a valid token. Send it as 'Authorization: Bearer <token>'.",
      type: "invalid_request_error",
      param: null,
      code: "invalid_api_key",
    });
    expect(error.headers).toEqual({ "www-authenticate": "Bearer" });
  });

  it("is refused with a reason that only the log shows", async () => {
    const token = await sign({ iss: "elsewhere" });
    expect(toLogged((await refusalOf(() => come(token))).cause)).toBe("unknown issuer");
  });

  it.each([
    ["HS256 at an issuer with public keys", () => sign({ iss: "cloud", aud: "app" })],
    ["HS512 at an issuer with a secret", () => sign({}, SECRET, "HS512")],
    ["ES256 at an issuer with a secret", () => publicKeyToken("weir", "weir")],
  ])("is refused by its algorithm, before any key is used: %s", async (_what, make) => {
    const token = await make();
    const error = await refusalOf(() => come(token));
    expect(error.cause).toMatchObject({ code: "ERR_JOSE_ALG_NOT_ALLOWED" });
  });

  it("is a fault of the server when no secret is set", async () => {
    const token = await sign();
    const error = await refusalOf(() => come(token, NOW, { ...ENV, AUTH_SECRET: "" }));
    expect(error).toMatchObject({ status: 500, body: { code: "not_configured" } });
    expect(error.cause).toContain("AUTH_SECRET");
  });
});

describe("a token that was verified before", () => {
  it("expires at its expiry and 5 s of clock tolerance", async () => {
    const token = await sign({ exp: NOW / 1000 + 60 });
    expect((await come(token)).subject).toBe("alice");
    expect((await come(token, NOW + 64_999)).subject).toBe("alice");
    expect((await refusalOf(() => come(token, NOW + 65_000))).status).toBe(401);
  });

  it("is verified again after five minutes, so that a changed secret revokes it", async () => {
    const token = await sign();
    const changed = { ...ENV, AUTH_SECRET: "a-new-secret-a-new-secret-a-new-secret" };
    await come(token);
    expect((await refusalOf(() => come(token, NOW + 300_000, changed))).status).toBe(401);
  });
});
