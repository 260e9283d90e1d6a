// Base URL and credentials of a provider, checked against the deployment's allow-list.

import type { Bindings } from "../env.ts";
import { isSecureUrl } from "../secure-url.ts";
import { apiError } from "../errors.ts";
import type { Provider } from "./schema.ts";

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

function accessOf(env: Bindings, provider: Provider): ProviderAccess {
  const variables = env as unknown as Record<string, unknown>;
  const override = provider.base_url_variable ? variables[provider.base_url_variable] : undefined;
  const baseUrl = typeof override === "string" && override !== "" ? override : provider.base_url;
  const hosts = env.PROVIDER_HOSTS.split(/\s+/);
  if (!isSecureUrl(baseUrl)) throw misconfigured(`${baseUrl} is neither https nor on this machine`);
  if (baseUrl !== override && !hosts.includes(new URL(baseUrl).host)) {
    throw misconfigured(`the host of ${baseUrl} is not in PROVIDER_HOSTS`);
  }
  const key = variables[provider.key_variable];
  if (typeof key !== "string" || key === "") {
    throw misconfigured(`${provider.key_variable} is not set: npx wrangler secret put ${provider.key_variable}`);
  }
  const { headers, key_header: name } = provider;
  const value = name === "authorization" ? `Bearer ${key}` : key;
  return { baseUrl: baseUrl.replace(/\/+$/, ""), headers: { ...headers, [name]: value } };
}

const misconfigured = (cause: string) =>
  apiError("not_configured", "This server is not configured to reach the model.", { cause });
