// Where a provider is and with which key: nothing leaves for a host that this deployment did not allow.

import { describe, expect, it } from "vitest";
import type { Provider } from "../../../../src/core/catalog/schema.ts";
import type { Bindings } from "../../../../src/core/env.ts";
import { providerAccess } from "../../../../src/core/catalog/provider-access.ts";
import { refusalOf } from "../../../support/refusals.ts";

const OPENAI: Provider = {
  base_url: "https://api.openai.com/v1",
  base_url_variable: "OPENAI_BASE_URL",
  key_variable: "OPENAI_API_KEY",
  headers: {},
  counts_input: true,
  lists_models: true,
};

/** The variables of a deployment; bindings play no part here. */
const envOf = (changes: Record<string, unknown> = {}) =>
  ({
    PROVIDER_HOSTS: "api.openai.com eu.models.test:8443",
    OPENAI_BASE_URL: "",
    OPENAI_API_KEY: "sk-1",
    ...changes,
  }) as unknown as Bindings;

async function causeOf(env: Bindings, provider: Provider): Promise<unknown> {
  const error = await refusalOf(() => providerAccess(env, provider));
  expect(error).toMatchObject({ status: 500, body: { code: "not_configured" } });
  expect(error.body.message).toBe("This server is not configured to reach the model.");
  return error.cause;
}

describe("a base URL of the catalog", () => {
  it("is used when its host is allowed", () => {
    expect(providerAccess(envOf(), OPENAI)).toEqual({
      baseUrl: "https://api.openai.com/v1",
      headers: { authorization: "Bearer sk-1" },
    });
  });

  it("is used with its port when that is allowed", () => {
    const eu = { ...OPENAI, base_url: "https://eu.models.test:8443/v1/" };
    expect(providerAccess(envOf(), eu).baseUrl).toBe("https://eu.models.test:8443/v1");
  });

  it.each([
    "https://evil.test/v1",
    "https://api.openai.com.evil.test/v1",
    "https://api.openai.com@evil.test/v1",
    "https://api.openai.com:444/v1",
    "https://eu.models.test/v1",
    "https://evil.test/api.openai.com",
  ])("is refused when its host is not allowed: %s", async (base_url) => {
    expect(await causeOf(envOf(), { ...OPENAI, base_url })).toContain("not in PROVIDER_HOSTS");
  });

  it("is refused without https, even when its host is allowed", async () => {
    expect(await causeOf(envOf(), { ...OPENAI, base_url: "http://api.openai.com/v1" })).toContain("neither https");
  });

  it("is refused on this machine unless its host is allowed, too", async () => {
    const local = { ...OPENAI, base_url: "http://127.0.0.1:9000/v1" };
    expect(await causeOf(envOf(), local)).toContain("not in PROVIDER_HOSTS");
    expect(providerAccess(envOf({ PROVIDER_HOSTS: "127.0.0.1:9000" }), local).baseUrl).toBe("http://127.0.0.1:9000/v1");
  });

  it("is refused when no host is allowed at all", async () => {
    expect(await causeOf(envOf({ PROVIDER_HOSTS: "" }), OPENAI)).toContain("not in PROVIDER_HOSTS");
  });
});

describe("a base URL of the deployment's own", () => {
  it("replaces the catalog's, and needs no place in the list", () => {
    expect(providerAccess(envOf({ OPENAI_BASE_URL: "https://gateway.test/openai/" }), OPENAI).baseUrl).toBe(
      "https://gateway.test/openai",
    );
  });

  it.each(["http://localhost:8788/v1", "http://127.0.0.1:8788/v1", "http://[::1]:8788/v1"])(
    "may be plain http on this machine: %s",
    (url) => {
      expect(providerAccess(envOf({ OPENAI_BASE_URL: url }), OPENAI).baseUrl).toBe(url);
    },
  );

  it.each([
    "http://gateway.test/v1",
    "http://localhost.evil.test/v1",
    "http://127.0.0.1.evil.test",
    "ftp://localhost/",
    "gateway.test",
    "javascript:1",
  ])("is refused when it is neither https nor on this machine: %s", async (url) => {
    expect(await causeOf(envOf({ OPENAI_BASE_URL: url }), OPENAI)).toContain("neither https");
  });

  it("is not looked for where the provider names no variable", () => {
    const { base_url_variable: _, ...plain } = OPENAI;
    expect(providerAccess(envOf({ OPENAI_BASE_URL: "https://gateway.test" }), plain).baseUrl).toBe(
      "https://api.openai.com/v1",
    );
  });
});

describe("a key", () => {
  it.each([undefined, "", 7])("that is not set is a matter for the operator: %s", async (key) => {
    expect(await causeOf(envOf({ OPENAI_API_KEY: key }), OPENAI)).toContain("OPENAI_API_KEY is not set");
  });
});
