// The base URL and key of a provider: every request goes to a host that the deployment allows.

import { describe, expect, it } from "vitest";
import { providerAccess } from "../../../../src/core/catalog/provider-access.ts";
import type { Provider } from "../../../../src/core/catalog/schema.ts";
import type { Bindings } from "../../../../src/core/env.ts";
import { refusalOf } from "../../../support/refusals.ts";

const OPENAI: Provider = {
  base_url: "https://api.openai.com/v1",
  base_url_variable: "OPENAI_BASE_URL",
  key_variable: "OPENAI_API_KEY",
  headers: { "x-title": "Weir" },
  counts_input: true,
  lists_models: true,
  key_header: "authorization",
};

/** The variables of a deployment. */
const envOf = (changes: Record<string, unknown> = {}) =>
  ({
    PROVIDER_HOSTS: "api.openai.com eu.models.test:8443",
    OPENAI_BASE_URL: "",
    OPENAI_API_KEY: "sk-1",
    ...changes,
  }) as unknown as Bindings;

const baseUrlOf = (changes: Record<string, unknown>, provider: Partial<Provider> = {}) =>
  providerAccess(envOf(changes), { ...OPENAI, ...provider }).baseUrl;

async function causeOf(changes: Record<string, unknown>, provider: Partial<Provider> = {}): Promise<unknown> {
  const error = await refusalOf(() => baseUrlOf(changes, provider));
  const message = "This server is not configured to reach the model.";
  expect(error).toMatchObject({ status: 500, body: { code: "not_configured", message } });
  return error.cause;
}

describe("a base URL of the catalog", () => {
  it("is used with the provider's headers and key when its host is allowed", () => {
    expect(providerAccess(envOf(), OPENAI)).toEqual({
      baseUrl: "https://api.openai.com/v1",
      headers: { authorization: "Bearer sk-1", "x-title": "Weir" },
    });
    expect(baseUrlOf({}, { base_url: "https://eu.models.test:8443/v1/" })).toBe("https://eu.models.test:8443/v1");
  });

  it.each(["api-key", "x-api-key", "x-goog-api-key"])("is used with the key alone in the header %s", (key_header) => {
    const { headers } = providerAccess(envOf(), { ...OPENAI, key_header });
    expect(headers).toEqual({ [key_header]: "sk-1", "x-title": "Weir" });
  });

  it.each([
    "https://evil.test/v1",
    "https://api.openai.com.evil.test/v1",
    "https://api.openai.com@evil.test/v1",
    "https://eu.models.test/v1",
    "http://127.0.0.1:9000/v1",
  ])("is refused when its host is not allowed: %s", async (base_url) => {
    expect(await causeOf({}, { base_url })).toContain("not in PROVIDER_HOSTS");
    expect(await causeOf({ PROVIDER_HOSTS: "" })).toContain("not in PROVIDER_HOSTS");
  });

  it("is refused without https", async () => {
    expect(await causeOf({}, { base_url: "http://api.openai.com/v1" })).toContain("neither https");
  });
});

describe("a base URL in a variable of the deployment", () => {
  it("replaces the catalog's, and needs no entry in the list", () => {
    expect(baseUrlOf({ OPENAI_BASE_URL: "https://gateway.test/openai/" })).toBe("https://gateway.test/openai");
  });

  it.each(["http://localhost:8788/v1", "http://127.0.0.1:8788/v1", "http://[::1]:8788/v1"])(
    "may be http on this machine: %s",
    (url) => expect(baseUrlOf({ OPENAI_BASE_URL: url })).toBe(url),
  );

  it.each(["http://localhost.evil.test/v1", "http://127.0.0.1.evil.test", "ftp://localhost/", "gateway.test"])(
    "is refused when it is neither https nor on this machine: %s",
    async (url) => {
      expect(await causeOf({ OPENAI_BASE_URL: url })).toContain("neither https");
    },
  );

  it("is ignored where the provider names no variable", () => {
    const { base_url_variable: _, ...plain } = OPENAI;
    const env = envOf({ OPENAI_BASE_URL: "https://gateway.test" });
    expect(providerAccess(env, plain).baseUrl).toBe("https://api.openai.com/v1");
  });
});

it.each([undefined, "", 7])(
  "a key that is not set is refused, with the variable's name for the log: %s",
  async (key) => {
    expect(await causeOf({ OPENAI_API_KEY: key })).toContain("OPENAI_API_KEY is not set");
  },
);
