// The check of a deployment's variables, secrets and bindings.
// It names variables and never shows their values, because GET /healthz is public.

import { issuerFaults } from "./auth/issuers.ts";
import { providerFaults } from "./catalog/provider-access.ts";
import type { Catalog } from "./catalog/schema.ts";
import { originFaults } from "./http/cors.ts";
import type { Bindings } from "./env.ts";
import { ApiError } from "./errors.ts";

/** HS256 needs a key of at least 256 bits (RFC 7518, section 3.2). */
const MIN_SECRET_LENGTH = 32;

/** Returns every fault of a deployment with its active catalog. Each begins with a name and says what to do. */
export function configurationFaults(env: Bindings, catalog: Catalog): string[] {
  return [
    ...bindingFaults(env),
    ...issuerFaults(env),
    ...secretFaults(env),
    ...originFaults(env),
    ...providerFaults(env, catalog),
  ];
}

function bindingFaults({ CATALOG, USER_QUOTA }: Partial<Bindings>): string[] {
  return [
    ...(typeof CATALOG?.get === "function" ? [] : ["CATALOG: bind a KV namespace in wrangler.toml"]),
    ...(typeof USER_QUOTA?.getByName === "function" ? [] : ["USER_QUOTA: bind the Durable Object in wrangler.toml"]),
  ];
}

function secretFaults(env: Bindings): string[] {
  const { AUTH_SECRET: secret, QUOTA_PEPPER: pepper } = env as { AUTH_SECRET?: unknown; QUOTA_PEPPER?: unknown };
  const isShort = typeof secret === "string" && secret !== "" && secret.length < MIN_SECRET_LENGTH;
  return [
    ...(isShort ? [`AUTH_SECRET: has fewer than ${MIN_SECRET_LENGTH} characters, so tokens could be forged`] : []),
    ...(typeof pepper === "string" && pepper !== "" ? [] : ["QUOTA_PEPPER: npx wrangler secret put QUOTA_PEPPER"]),
  ];
}

/** Creates the 503 of GET /healthz, which lists the faults. */
export function unhealthyError(faults: string[]): ApiError {
  const message = `This deployment is not configured. ${faults.join(". ")}.`;
  return new ApiError(503, { message, type: "server_error", param: null, code: "not_configured" }, { cause: faults });
}
