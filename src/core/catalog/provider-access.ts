// Where a provider is and with which key: catalog data, checked against what this deployment allows.

import type { Bindings } from "../env.ts";
import { isSecureUrl } from "../secure-url.ts";
import { apiError } from "../errors.ts";
import type { Provider } from "./schema.ts";

export interface ProviderAccess {
  baseUrl: string;
  headers: Record<string, string>;
}

/** Both are the same for every request of an isolate. */
const remembered = new WeakMap<Provider, { env: Bindings; access: ProviderAccess }>();

/**
 * The base URL and headers of a provider. A base URL from the deployment's own variable is believed; one from the catalog
 * must have a host in PROVIDER_HOSTS. Throws `not_configured`, with the reason for the log only.
 */
export function providerAccess(env: Bindings, provider: Provider): ProviderAccess {
  const known = remembered.get(provider);
  if (known?.env === env) return known.access;
  const access = accessOf(env, provider);
  remembered.set(provider, { env, access });
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
  return { baseUrl: baseUrl.replace(/\/+$/, ""), headers: { ...provider.headers, authorization: `Bearer ${key}` } };
}

const misconfigured = (cause: string) =>
  apiError("not_configured", "This server is not configured to reach the model.", { cause });
