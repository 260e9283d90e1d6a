// Base URL and credentials of a provider, checked against the deployment's allow-list.

import type { Bindings } from "../env.ts";
import { isSecureUrl } from "../secure-url.ts";
import { apiError, toApiError } from "../errors.ts";
import type { Catalog, Provider } from "./schema.ts";

export interface ProviderAccess {
  baseUrl: string;
  headers: Record<string, string>;
}

const cachedAccess = new WeakMap<Provider, { env: Bindings; access: ProviderAccess }>();

/**
 * Returns the base URL and headers of a provider. A base URL from the deployment's variable is trusted. One from the
 * catalog must have a host in PROVIDER_HOSTS. Throws `not_configured`; only the log shows the reason.
 */
export function providerAccess(env: Bindings, provider: Provider): ProviderAccess {
  const cached = cachedAccess.get(provider);
  if (cached?.env === env) return cached.access;
  const access = accessOf(env, provider);
  cachedAccess.set(provider, { env, access });
  return access;
}

/** Returns the faults of the providers that the catalog's cards use, as `providers.NAME: message`. */
export function providerFaults(env: Bindings, catalog: Pick<Catalog, "cards" | "providers">): string[] {
  const used = new Set(Object.values(catalog.cards).map(({ provider }) => provider));
  return Object.entries(catalog.providers).flatMap(([name, provider]) => {
    if (!used.has(name)) return [];
    try {
      providerAccess(env, provider);
      return [];
    } catch (error) {
      return [`providers.${name}: ${String(toApiError(error).cause)}`];
    }
  });
}

function accessOf(env: Bindings, provider: Provider): ProviderAccess {
  const variables = env as unknown as Record<string, unknown>;
  const { base_url_variable: variable, key_variable: keyVariable } = provider;
  const override = variable ? variables[variable] : undefined;
  const isOverridden = typeof override === "string" && override !== "";
  const baseUrl = isOverridden ? override : provider.base_url;
  const { PROVIDER_HOSTS: hosts } = variables;
  if (typeof hosts !== "string") throw misconfigured("PROVIDER_HOSTS is not set: add it to [vars] in wrangler.toml");
  if (!isSecureUrl(baseUrl)) {
    throw misconfigured(`${isOverridden ? variable : "base_url"} is neither https nor on this machine`);
  }
  if (!isOverridden && !hosts.split(/\s+/).includes(new URL(baseUrl).host)) {
    throw misconfigured("the host of base_url is not in PROVIDER_HOSTS: add it in wrangler.toml");
  }
  const key = variables[keyVariable];
  if (typeof key !== "string" || key === "") {
    throw misconfigured(`${keyVariable} is not set: npx wrangler secret put ${keyVariable}`);
  }
  const { headers, key_header: name } = provider;
  const value = name === "authorization" ? `Bearer ${key}` : key;
  return { baseUrl: baseUrl.replace(/\/+$/, ""), headers: { ...headers, [name]: value } };
}

const misconfigured = (cause: string) =>
  apiError("not_configured", "This server is not configured to reach the model.", { cause });
