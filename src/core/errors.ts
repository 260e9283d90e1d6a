// API errors: the codes of core and features, the error class and the envelope.
// The caller gets the public message. The cause is only logged.

/** Error codes and their HTTP status. */
const ERRORS = {
  invalid_catalog: 400,
  invalid_form: 400,
  invalid_idempotency_key: 400,
  invalid_json: 400,
  invalid_last_event_id: 400,
  invalid_request: 400,
  unsupported_format: 400,
  unsupported_parameter: 400,
  unsupported_value: 400,
  content_policy_violation: 400,
  previous_response_not_found: 400,
  invalid_api_key: 401,
  user_blocked: 403,
  model_not_allowed: 403,
  endpoint_retired: 404,
  model_not_found: 404,
  not_found: 404,
  revision_not_found: 404,
  body_timeout: 408,
  revision_conflict: 409,
  run_cancelled: 409,
  run_forgotten: 410,
  body_too_large: 413,
  unsupported_encoding: 415,
  unsupported_media_type: 415,
  idempotency_key_reused: 422,
  insufficient_quota: 429,
  concurrency_limit_exceeded: 429,
  plan_limit_exceeded: 429,
  client_closed_request: 499,
  internal_error: 500,
  not_configured: 500,
  provider_error: 502,
  provider_unauthorized: 502,
  run_interrupted: 502,
  run_too_large: 502,
  budget_exhausted: 503,
  catalog_unavailable: 503,
  issuer_unavailable: 503,
  jobs_unavailable: 503,
  moderation_unavailable: 503,
  provider_overloaded: 503,
  quota_unavailable: 503,
  runs_unavailable: 503,
  server_busy: 503,
  provider_timeout: 504,
} as const satisfies Record<string, number>;

export type ErrorCode = keyof typeof ERRORS;

/** The facts of a 429: what an app needs to wait, or to offer another plan. */
export interface QuotaFacts {
  /** The limit that refused the request: a window such as "tokens/day", or "concurrent". */
  window: string;
  /** The time at which a used up window is empty again (epoch seconds). */
  reset_at?: number;
  /** False if the request is too large for the plan even when nothing is used. */
  fits_plan: boolean;
}

/** The public part of an error. OpenAI's clients expect the first four keys. */
export interface ErrorBody extends Partial<QuotaFacts> {
  message: string;
  type: string;
  param: string | null;
  code: string | null;
}

interface ErrorDetails {
  param?: string;
  headers?: Record<string, string>;
  /** The provider's `retry-after`. */
  retryAfterMs?: number | undefined;
  quota?: QuotaFacts;
  cause?: unknown;
}

/** An error with its public status, body and headers, and an internal cause. Immutable. */
export class ApiError extends Error {
  readonly status: number;
  readonly body: ErrorBody;
  readonly headers: Record<string, string>;
  readonly retryAfterMs: number | undefined;

  constructor(status: number, body: ErrorBody, details: Omit<ErrorDetails, "param" | "quota"> = {}) {
    super(body.message, { cause: details.cause });
    this.name = "ApiError";
    this.status = status;
    this.body = body;
    this.headers = { ...details.headers };
    this.retryAfterMs = details.retryAfterMs;
  }
}

/**
 * An error in Weir's own words: a bug, a misconfiguration, or the cause of an ApiError. Its message is logged, so it
 * must not contain text of callers or models.
 */
export class InternalError extends Error {
  override readonly name = "InternalError";
}

/** Copies an error with more headers. The error's own headers take precedence. */
export function withHeaders(error: ApiError, headers: Record<string, string>): ApiError {
  return copyOf(error, error.body, { ...headers, ...error.headers });
}

/** Copies an error without one of its headers. */
export function withoutHeader(error: ApiError, name: string): ApiError {
  const { [name]: _, ...headers } = error.headers;
  return copyOf(error, error.body, headers);
}

/** Copies an error with another `param`. */
export function withParam(error: ApiError, param: string | null): ApiError {
  return copyOf(error, { ...error.body, param }, error.headers);
}

function copyOf(error: ApiError, body: ErrorBody, headers: Record<string, string>): ApiError {
  const { status, cause, retryAfterMs, stack } = error;
  const copy = new ApiError(status, body, { headers, cause, retryAfterMs });
  if (stack !== undefined) copy.stack = stack;
  return copy;
}

/** The header that a 401 must have (RFC 9110, section 15.5.2). */
export const CHALLENGE = { "www-authenticate": "Bearer" };

/** Returns the status of a code. A provider's own code gets 400: only its refusal of an invalid request keeps one. */
export function statusOfCode(code: string | null): number {
  return code !== null && Object.hasOwn(ERRORS, code) ? ERRORS[code as ErrorCode] : 400;
}

/** Creates an error. `message` tells the caller what is wrong and what to do next. */
export function apiError(code: ErrorCode, message: string, details: ErrorDetails = {}): ApiError {
  const status = ERRORS[code];
  const body = { message, type: typeOf(code), param: details.param ?? null, code, ...details.quota };
  return new ApiError(status, body, details);
}

/** OpenAI's type for a code. */
function typeOf(code: ErrorCode): string {
  if (ERRORS[code] >= 500) return "server_error";
  if (code === "insufficient_quota" || code === "plan_limit_exceeded") return "insufficient_quota";
  return code === "concurrency_limit_exceeded" ? "requests" : "invalid_request_error";
}

/** Creates the 500 for a deployment that lacks something. Only the log shows the cause. */
export const notConfigured = (cause: string): ApiError =>
  apiError("not_configured", "This server is not configured for this request. Its operator reads why in the log.", {
    cause,
  });

/** Creates the 400 for an unknown name; the message lists the known ones. `param`: the field with the name. */
export function unknownName(kind: string, name: string, names: Iterable<string>, param = kind): ApiError {
  const message = `There is no ${kind} '${name}'. Use one of: ${[...names].join(", ")}.`;
  return apiError("invalid_request", message, { param });
}

/**
 * Converts any thrown value to an ApiError. A timeout is the provider's, because Weir waits for nothing else. Other
 * values become a 500 without details.
 */
export function toApiError(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown;
  if (thrown instanceof DOMException && thrown.name === "TimeoutError") {
    return apiError("provider_timeout", "The provider took too long. Please try again.", { cause: thrown });
  }
  return apiError("internal_error", "Something went wrong on our side. Please try again.", {
    cause: thrown,
  });
}

/** The form of codes. A provider's code of another form does not become a header. */
const CODE = /^[\w.-]{1,100}$/;

/** Writes an error as a JSON response. The header `weir-error` has its code. */
export function toErrorResponse({ status, body, headers }: ApiError): Response {
  const code = body.code !== null && CODE.test(body.code) ? body.code : "provider_refused";
  return Response.json({ error: body }, { status, headers: { ...headers, "weir-error": code } });
}
