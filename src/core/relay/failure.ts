// Errors of an answer that fails after it has started.

import type { ErrorBody } from "../errors.ts";
import { ApiError, apiError } from "../errors.ts";

/** The error for an answer that stopped before its end. */
export function interruptedError(cause?: unknown): ApiError {
  return apiError("provider_error", "The model's answer broke off. Please try again.", { cause });
}

/**
 * Maps an error event of the provider to the error for the caller. Only an invalid request keeps the provider's
 * message, because other messages can name the operator's account.
 */
export function toStreamError(error: ErrorBody): ApiError {
  if (error.type === "invalid_request_error") return new ApiError(400, error, { cause: error.code });
  if (error.code === "rate_limit_exceeded" || error.code === "server_is_overloaded") {
    const message = "The model is busy right now. Please try again shortly.";
    return apiError("provider_overloaded", message, { cause: error.code, headers: { "retry-after": "1" } });
  }
  return apiError("provider_error", "The model failed while answering. Please try again.", { cause: error.code });
}
