// Every way that Weir says no: one table of codes, one class, one envelope.
// The public message tells the caller what to do; the cause is for the log and never leaves the Worker.

const ERRORS = {
  invalid_catalog: { status: 400, type: "invalid_request_error" },
  invalid_json: { status: 400, type: "invalid_request_error" },
  invalid_request: { status: 400, type: "invalid_request_error" },
  unsupported_parameter: { status: 400, type: "invalid_request_error" },
  unsupported_value: { status: 400, type: "invalid_request_error" },
  content_policy_violation: { status: 400, type: "invalid_request_error" },
  previous_response_not_found: { status: 400, type: "invalid_request_error" },
  invalid_api_key: { status: 401, type: "invalid_request_error" },
  user_blocked: { status: 403, type: "invalid_request_error" },
  model_not_allowed: { status: 403, type: "invalid_request_error" },
  model_not_found: { status: 404, type: "invalid_request_error" },
  not_found: { status: 404, type: "invalid_request_error" },
  revision_not_found: { status: 404, type: "invalid_request_error" },
  revision_conflict: { status: 409, type: "invalid_request_error" },
  body_too_large: { status: 413, type: "invalid_request_error" },
  insufficient_quota: { status: 429, type: "insufficient_quota" },
  client_closed_request: { status: 499, type: "invalid_request_error" },
  internal_error: { status: 500, type: "server_error" },
  not_configured: { status: 500, type: "server_error" },
  provider_error: { status: 502, type: "server_error" },
  provider_unauthorized: { status: 502, type: "server_error" },
  catalog_unavailable: { status: 503, type: "server_error" },
  moderation_unavailable: { status: 503, type: "server_error" },
  provider_overloaded: { status: 503, type: "server_error" },
  quota_unavailable: { status: 503, type: "server_error" },
  provider_timeout: { status: 504, type: "server_error" },
} as const satisfies Record<string, { status: number; type: string }>;

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

/** A refusal or failure with its public face: status, envelope, headers. `headers` may be added to on the way out. */
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

/** What a 401 must carry (RFC 9110, section 15.5.2). */
export const CHALLENGE = { "www-authenticate": "Bearer" };

/** The error for a code of the table; `message` says what the caller can do about it. */
export function apiError(code: ErrorCode, message: string, details: ErrorDetails = {}): ApiError {
  const { status, type } = ERRORS[code];
  return new ApiError(status, { message, type, param: details.param ?? null, code }, details);
}

/** Any thrown value as an ApiError: what is not one already becomes a 500 that reveals nothing. */
export function toApiError(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown;
  return apiError("internal_error", "Something went wrong on our side. Please try again.", {
    cause: thrown,
  });
}

/** The one envelope, as a response. */
export function toErrorResponse(error: ApiError): Response {
  return Response.json({ error: error.body }, { status: error.status, headers: error.headers });
}

/**
 * What a log may say of a cause: our own words and codes. Of a foreign error only its name and code, since its message
 * can quote what a caller or a model wrote.
 */
export function toLogged(cause: unknown): unknown {
  if (!(cause instanceof Error)) return cause;
  const { name, code } = cause as Error & { code?: unknown };
  return typeof code === "string" ? `${name} ${code}` : name;
}
