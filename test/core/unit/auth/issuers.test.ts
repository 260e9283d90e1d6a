// Parsing of AUTH_ISSUERS, in the forms that wrangler and the dashboard give it.

import { describe, expect, it } from "vitest";
import { issuersOf } from "../../../../src/core/auth/issuers.ts";
import { refusalOf } from "../../../support/refusals.ts";

const OWN = { issuer: "weir", audience: "weir" };
const FIREBASE = {
  issuer: "https://securetoken.google.com/my-app",
  audience: "my-app",
  jwks_url: "https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com",
  plan_claim: "tier",
};
const COMPLETE = [{ ...OWN, plan_claim: "plan" }, FIREBASE];

describe("the issuers", () => {
  it("can be a list, or JSON text", () => {
    expect(issuersOf({ AUTH_ISSUERS: [OWN, FIREBASE] })).toEqual(COMPLETE);
    expect(issuersOf({ AUTH_ISSUERS: JSON.stringify([OWN, FIREBASE]) })).toEqual(COMPLETE);
  });

  it("are read once per deployment", () => {
    const env = { AUTH_ISSUERS: JSON.stringify([OWN]) };
    expect(issuersOf(env)).toBe(issuersOf(env));
  });

  it("can have their keys on this machine, for development", () => {
    const local = { ...OWN, jwks_url: "http://127.0.0.1:9099/jwks.json" };
    expect(issuersOf({ AUTH_ISSUERS: [local] })).toMatchObject([local]);
  });
});

describe("an invalid variable", () => {
  it.each<[string, unknown]>([
    ["nothing", undefined],
    ["no text", ""],
    ["text that is not JSON", "weir"],
    ["no issuers", []],
    ["no issuers in JSON", "[]"],
    ["an issuer alone", OWN],
    ["an issuer without a name", [{ ...OWN, issuer: "" }]],
    ["an issuer whose name holds what separates it from a subject", [{ ...OWN, issuer: "weir|other" }]],
    ["an issuer whose name holds a NUL", [{ ...OWN, issuer: "weir\0other" }]],
    ["an issuer without an audience", [{ issuer: "weir" }]],
    ["keys over plain http", [{ ...OWN, jwks_url: "http://issuer.test/jwks.json" }]],
    ["keys nowhere", [{ ...OWN, jwks_url: "issuer.test" }]],
    ["a misspelt field", [{ ...OWN, jwks_uri: "https://issuer.test/jwks.json" }]],
  ])("is a 500 without details: %s", async (_what, AUTH_ISSUERS) => {
    const error = await refusalOf(() => issuersOf({ AUTH_ISSUERS }));
    expect(error).toMatchObject({ status: 500, body: { code: "not_configured" } });
    expect(error.body.message).toBe("This server is not configured to accept callers.");
    expect(String(error.cause)).toMatch(/^AUTH_ISSUERS: /);
  });
});
