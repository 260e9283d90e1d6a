// Mapping from a provider's error response to the error for the caller.

import type { ErrorCode } from "../errors.ts";
import { ApiError, apiError } from "../errors.ts";
import { retryAfterHeader, retryAfterMsOf } from "../http/retry-after.ts";
import { readAtMost } from "../http/read-at-most.ts";
import { readProviderError } from "./provider-error-body.ts";

/** Bytes of an error body that are read. Longer bodies are HTML pages, which are never shown. */
const MAX_ERROR_BYTES = 65_536;

/** Statuses for an invalid request. The caller gets the provider's message, because only the caller can fix it. */
const REQUEST_ERROR_STATUSES = new Set([400, 413, 415, 422]);

/** Some providers answer 400 when the operator's key is wrong, and quote a part of it. */
const REFUSED_KEY =
  /\b(incorrect|invalid|expired|missing)\b.{0,20}\bapi[ _-]?key\b|\bapi[ _-]?key\b.{0,20}\b(not valid|invalid|expired|missing)\b/i;

/** The provider has no capacity. 529 is Anthropic's status for that. */
const OVERLOAD_STATUSES = new Set([429, 503, 529]);
/** The wait that callers are told when an overloaded provider names none. */
const DEFAULT_WAIT_MS = 1000;

/**
 * Returns the error for an unsuccessful response at `now` (epoch ms). The provider's 401 becomes a 502: the caller's
 * token is valid.
 */
export async function toProviderError(response: Response, now: number): Promise<ApiError> {
  const { bytes } = await readAtMost(response.body, MAX_ERROR_BYTES).catch(() => ({ bytes: new Uint8Array(0) }));
  const text = new TextDecoder().decode(bytes);
  const body = readProviderError(text);
  const status = body && REFUSED_KEY.test(body.message) ? 401 : response.status;
  const cause = { status: response.status, code: body?.code ?? null };
  const retryAfterMs = retryAfterMsOf(response.headers, now);
  if (REQUEST_ERROR_STATUSES.has(status)) {
    const fallback = { message: `The provider refused the request (${status}).`, param: null, code: null };
    const { message, param, code } = body ?? fallback;
    return new ApiError(status, { message, type: "invalid_request_error", param, code }, { cause });
  }
  if (OVERLOAD_STATUSES.has(status) && body?.code !== "insufficient_quota") {
    const message = "The model is busy right now. Please try again shortly.";
    const headers = retryAfterHeader(retryAfterMs ?? DEFAULT_WAIT_MS);
    return apiError("provider_overloaded", message, { cause, retryAfterMs, headers });
  }
  const { code: missing, param } = body ?? {};
  if (status === 404 && ((missing && missing !== "model_not_found") || (param && param !== "model"))) {
    const message = "The provider does not have what the request names.";
    return apiError("not_found", message, { cause, ...(param && { param }) });
  }
  const [code, message] = faultOf(status);
  // Only the operator can change that.
  const headers = code === "provider_unauthorized" ? { "x-should-retry": "false" } : {};
  return apiError(code, message, { cause, retryAfterMs, headers });
}

function faultOf(status: number): [ErrorCode, string] {
  switch (status) {
    case 404:
      return ["model_not_found", "The provider does not serve this model. Please use another."];
    case 401:
    case 403:
    // The operator's account has no quota left, so a retry cannot help.
    case 429:
      return ["provider_unauthorized", "This server may not use the model right now."];
    case 408:
    case 504:
    // The status of Cloudflare for a server that is too slow.
    case 524:
      return ["provider_timeout", "The model took too long. Please try again."];
    default:
      return ["provider_error", "The model could not answer. Please try again."];
  }
}

/** The status of the provider's error response; 0 when the provider was not reached. */
export function statusOf({ cause }: ApiError): number {
  return (cause as { status?: number } | null | undefined)?.status ?? 0;
}

/** The error for a provider that could not be reached. */
export const unreachableError = (cause: unknown): ApiError =>
  apiError("provider_error", "The model could not be reached. Please try again.", { cause });
