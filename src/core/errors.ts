// Errors: one table of codes, one class, one envelope.
// The public message tells the caller what to do; the cause is for the log and never leaves the Worker.

/** Each code and its status. */
const ERRORS = {
  invalid_catalog: 400,
  invalid_json: 400,
  invalid_request: 400,
  unsupported_parameter: 400,
  unsupported_value: 400,
  content_policy_violation: 400,
  previous_response_not_found: 400,
  invalid_api_key: 401,
  user_blocked: 403,
  model_not_allowed: 403,
  model_not_found: 404,
  not_found: 404,
  revision_not_found: 404,
  revision_conflict: 409,
  body_too_large: 413,
  insufficient_quota: 429,
  client_closed_request: 499,
  internal_error: 500,
  not_configured: 500,
  provider_error: 502,
  provider_unauthorized: 502,
  catalog_unavailable: 503,
  moderation_unavailable: 503,
  provider_overloaded: 503,
  quota_unavailable: 503,
  provider_timeout: 504,
} as const satisfies Record<string, number>;

export type ErrorCode = keyof typeof ERRORS;

/** What a caller sees of an error. OpenAI's clients expect all four keys. */
export interface ErrorBody {
  message: string;
  type: string;
  param: string | null;
  code: string | null;
}

interface ErrorDetails {
  param?: string;
  headers?: Record<string, string>;
  /** How soon the provider says that it can be asked again. */
  retryAfterMs?: number | undefined;
  cause?: unknown;
}

/** A refusal or failure with its public part: status, envelope, headers. It is never changed after it was thrown. */
export class ApiError extends Error {
  readonly status: number;
  readonly body: ErrorBody;
  readonly headers: Record<string, string>;
  readonly retryAfterMs: number | undefined;

  constructor(status: number, body: ErrorBody, details: Omit<ErrorDetails, "param"> = {}) {
    super(body.message, { cause: details.cause });
    this.name = "ApiError";
    this.status = status;
    this.body = body;
    this.headers = { ...details.headers };
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** A fault of Weir itself, whose message holds no words of callers or models, so that the log may show it. */
export class InternalError extends Error {
  override readonly name = "InternalError";
}

/** The same error with more headers; its own win over them. */
export function withHeaders(error: ApiError, headers: Record<string, string>): ApiError {
  return copyOf(error, error.body, { ...headers, ...error.headers });
}

/** The same error about another field. */
export function withParam(error: ApiError, param: string | null): ApiError {
  return copyOf(error, { ...error.body, param }, error.headers);
}

function copyOf(error: ApiError, body: ErrorBody, headers: Record<string, string>): ApiError {
  const { status, cause, retryAfterMs, stack } = error;
  const copy = new ApiError(status, body, { headers, cause, retryAfterMs });
  if (stack !== undefined) copy.stack = stack;
  return copy;
}

/** What a 401 must carry (RFC 9110, section 15.5.2). */
export const CHALLENGE = { "www-authenticate": "Bearer" };

/** The error for a code of the table; `message` says what the caller can do about it. */
export function apiError(code: ErrorCode, message: string, details: ErrorDetails = {}): ApiError {
  const status = ERRORS[code];
  const type = status >= 500 ? "server_error" : code === "insufficient_quota" ? code : "invalid_request_error";
  return new ApiError(status, { message, type, param: details.param ?? null, code }, details);
}

/** The refusal of a name that does not exist, with those that do; `param`: the field that holds it. */
export function unknownName(what: string, name: string, names: Iterable<string>, param = what): ApiError {
  const message = `There is no ${what} '${name}'. There is: ${[...names].join(", ")}.`;
  return apiError("invalid_request", message, { param });
}

/**
 * Any thrown value as an ApiError. A timeout is the provider's, because Weir waits for nobody else; anything else becomes
 * a 500 that reveals nothing.
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

/** The one envelope, as a response. */
export function toErrorResponse(error: ApiError): Response {
  return Response.json({ error: error.body }, { status: error.status, headers: error.headers });
}
