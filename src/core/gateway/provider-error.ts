// Maps a provider's refusal to an error for the caller: only what the caller sent wrong is the caller's fault.

import type { ErrorCode } from "../errors.ts";
import { ApiError, apiError } from "../errors.ts";
import { readProviderError } from "./provider-error-body.ts";

/** Enough for any error in JSON; a page of HTML is cut, since it is never shown. */
const LONGEST_ERROR = 65_536;

/** Statuses that blame the request itself. The provider's words go to the caller, who can do something about it. */
const CALLERS_FAULT = new Set([400, 413, 415, 422]);

/** The error for an answer that is not a success. The provider's 401 is never the caller's 401. */
export async function toProviderError(response: Response): Promise<ApiError> {
  const { status } = response;
  const text = (await response.text().catch(() => "")).slice(0, LONGEST_ERROR);
  const body = readProviderError(text);
  const cause = { status, code: body?.code ?? null };
  const retryAfterMs = retryAfterOf(response);
  if (CALLERS_FAULT.has(status)) {
    const message = `The provider refused the request (${status}).`;
    const { message: words, param, code } = body ?? { message, param: null, code: null };
    return new ApiError(status, { message: words, type: "invalid_request_error", param, code }, { cause });
  }
  if (status === 429 && body?.code !== "insufficient_quota") {
    const retryAfter = response.headers.get("retry-after") ?? "1";
    const message = "The model is busy right now. Please try again shortly.";
    return apiError("provider_overloaded", message, { cause, retryAfterMs, headers: { "retry-after": retryAfter } });
  }
  const { code: missing, param } = body ?? {};
  if (status === 404 && ((missing && missing !== "model_not_found") || (param && param !== "model"))) {
    const message = "The provider does not have what the request names.";
    return apiError("not_found", message, { cause, ...(param && { param }) });
  }
  const [code, message] = faultOf(status);
  return apiError(code, message, { cause, retryAfterMs });
}

/** The header's seconds (RFC 9110, section 10.2.3) in ms; undefined for a date, which is never soon. */
function retryAfterOf({ headers }: Response): number | undefined {
  const seconds = headers.get("retry-after");
  return seconds !== null && /^\d+(\.\d+)?$/.test(seconds) ? Number(seconds) * 1000 : undefined;
}

function faultOf(status: number): [ErrorCode, string] {
  switch (status) {
    case 404:
      return ["model_not_found", "The provider does not serve this model. Please use another."];
    case 401:
    case 403:
    // The operator's own account is used up: no retry of the caller's helps.
    case 429:
      return ["provider_unauthorized", "This server may not use the model right now."];
    case 408:
    case 504:
      return ["provider_timeout", "The model took too long. Please try again."];
    default:
      return ["provider_error", "The model could not answer. Please try again."];
  }
}

/** The status with which the provider said no; 0 where the way to it has failed. */
export function statusOf({ cause }: ApiError): number {
  return (cause as { status?: number } | null | undefined)?.status ?? 0;
}

/** The provider could not be reached at all. */
export const unreachable = (cause: unknown): ApiError =>
  apiError("provider_error", "The model could not be reached. Please try again.", { cause });
