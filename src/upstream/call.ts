// The only fetch to a provider. Request headers are built from nothing; no string of a caller is part of the URL.

import type { Provider } from "../catalog/schema.ts";
import type { Endpoint } from "../endpoints/table.ts";
import { ENDPOINTS } from "../endpoints/table.ts";
import type { Bindings } from "../env.ts";
import { providerAccess } from "./provider.ts";
import { toProviderError, unreachable } from "./provider-error.ts";

/**
 * Posts a JSON body to a provider's endpoint and returns its answer when it is a success. Everything else is thrown: an ApiError,
 * or the signal's reason when that ended the call.
 */
export async function callProvider(
  env: Bindings,
  provider: Provider,
  endpoint: Endpoint,
  body: string,
  signal: AbortSignal,
): Promise<Response> {
  const { baseUrl, key } = providerAccess(env, provider);
  const request = new Request(`${baseUrl}${ENDPOINTS[endpoint].path}`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
    body,
    redirect: "manual",
    signal,
  });
  let response: Response;
  try {
    response = await (env.UPSTREAM ? env.UPSTREAM.fetch(request) : fetch(request));
  } catch (cause) {
    signal.throwIfAborted();
    throw unreachable(cause);
  }
  if (!response.ok) throw await toProviderError(response);
  return response;
}

/** The provider's headers that a caller may see. */
export function passedHeaders(response: Response): Record<string, string> {
  const took = response.headers.get("openai-processing-ms");
  return took === null ? {} : { "openai-processing-ms": took };
}
