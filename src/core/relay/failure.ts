// What is said of an answer that failed after it had begun.

import type { ErrorBody } from "../errors.ts";
import { ApiError, apiError } from "../errors.ts";

/** The answer stopped without having come to its end. */
export function brokenOff(cause?: unknown): ApiError {
  return apiError("provider_error", "The model's answer broke off. Please try again.", { cause });
}

/**
 * An error that the provider sent inside of its stream. Its words go to the caller only where they are about the
 * request: others can name the operator's account.
 */
export function toStreamError(error: ErrorBody): ApiError {
  if (error.type === "invalid_request_error") return new ApiError(400, error, { cause: error.code });
  if (error.code === "rate_limit_exceeded" || error.code === "server_is_overloaded") {
    const message = "The model is busy right now. Please try again shortly.";
    return apiError("provider_overloaded", message, { cause: error.code, headers: { "retry-after": "1" } });
  }
  return apiError("provider_error", "The model failed while answering. Please try again.", { cause: error.code });
}
