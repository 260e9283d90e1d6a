// The check of a deployment's configuration: each fault names its variable and shows no value.

import { expect, it } from "vitest";
import type { Catalog } from "../../../src/core/catalog/schema.ts";
import { configurationFaults } from "../../../src/core/configuration.ts";
import type { Bindings } from "../../../src/core/env.ts";

const catalog = {
  cards: { "swift-1": { provider: "openai" } },
  providers: {
    openai: {
      base_url: "https://api.openai.com/v1",
      base_url_variable: "OPENAI_BASE_URL",
      key_variable: "OPENAI_API_KEY",
    },
    unused: { base_url: "https://unused.test/v1", key_variable: "UNUSED_API_KEY" },
  },
} as unknown as Catalog;
const call = () => undefined;
const COMPLETE = {
  CATALOG: { get: call },
  USER_QUOTA: { getByName: call },
  AUTH_ISSUERS: [{ issuer: "weir", audience: "weir" }],
  AUTH_SECRET: "a-secret-of-at-least-32-characters",
  QUOTA_PEPPER: "pepper",
  PROVIDER_HOSTS: "api.openai.com",
  OPENAI_BASE_URL: "",
  OPENAI_API_KEY: "sk-1",
  ALLOWED_ORIGINS: "https://app.test http://localhost:5173 capacitor://localhost ionic://localhost null",
};

const faultsOf = (changes: Record<string, unknown>) =>
  configurationFaults({ ...COMPLETE, ...changes } as unknown as Bindings, catalog);

it.each<[Record<string, unknown>]>([
  [{}],
  [{ ALLOWED_ORIGINS: undefined }],
  [{ ALLOWED_ORIGINS: "*" }],
  [{ AUTH_SECRET: undefined, AUTH_ISSUERS: [{ issuer: "i", audience: "a", jwks_url: "https://i.test/keys" }] }],
])("a complete deployment has no faults: %j", (changes) => {
  expect(faultsOf(changes)).toEqual([]);
});

it.each<[Record<string, unknown>, string]>([
  [{ CATALOG: undefined }, "CATALOG: bind a KV namespace"],
  [{ USER_QUOTA: "text" }, "USER_QUOTA: bind the Durable Object"],
  [{ AUTH_ISSUERS: undefined }, "AUTH_ISSUERS: is missing"],
  [{ AUTH_ISSUERS: "{" }, "AUTH_ISSUERS: must be JSON"],
  [{ AUTH_ISSUERS: [] }, "AUTH_ISSUERS: must not be empty"],
  [{ AUTH_ISSUERS: [{ issuer: "weir", audience: "weir", jwks_uri: "" }] }, "0.jwks_uri is not a known field"],
  [{ AUTH_SECRET: "" }, "AUTH_SECRET: npx wrangler secret put AUTH_SECRET"],
  [{ AUTH_SECRET: "short" }, "AUTH_SECRET: has fewer than 32 characters"],
  [{ QUOTA_PEPPER: undefined }, "QUOTA_PEPPER: npx wrangler secret put QUOTA_PEPPER"],
  [{ PROVIDER_HOSTS: undefined, PROVIDERS_HOST: "api.openai.com" }, "PROVIDER_HOSTS is not set"],
  [{ PROVIDER_HOSTS: "other.test" }, "not in PROVIDER_HOSTS"],
  [{ OPENAI_API_KEY: undefined }, "OPENAI_API_KEY is not set: npx wrangler secret put OPENAI_API_KEY"],
  [{ OPENAI_BASE_URL: "http://secret.test" }, "OPENAI_BASE_URL is neither https"],
  ...["https://app.test/", "app.test", "https://app.test/path", "https://*.test https://app.test,https://b.test/"].map(
    (ALLOWED_ORIGINS): [Record<string, unknown>, string] => [{ ALLOWED_ORIGINS }, "ALLOWED_ORIGINS: write each origin"],
  ),
])("a fault names the variable and what to do: %j", (changes, fault) => {
  const faults = faultsOf(changes);
  expect(faults).toEqual([expect.stringContaining(fault)]);
  expect(faults.join()).not.toMatch(/short|secret\.test|app\.test|sk-1/);
});
