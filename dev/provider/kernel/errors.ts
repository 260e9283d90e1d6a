// Errors in OpenAI's envelope with all four keys, and errors that several endpoints share.

export interface ErrorBody {
  message: string;
  type: string;
  param: string | null;
  code: string | null;
}

/** A failed request. With `page` the body is that HTML page, as OpenAI's edge sends it. */
export class ProviderError extends Error {
  readonly status: number;
  readonly body: ErrorBody;
  readonly headers: Record<string, string>;
  readonly page: string | undefined;

  constructor(status: number, body: ErrorBody, extra: { headers?: Record<string, string>; page?: string } = {}) {
    super(body.message);
    this.status = status;
    this.body = body;
    this.headers = extra.headers ?? {};
    this.page = extra.page;
  }
}

/** An `invalid_request_error`, by default with status 400. */
export function invalidRequest(
  message: string,
  param: string | null = null,
  code: string | null = null,
  status = 400,
): ProviderError {
  return new ProviderError(status, { message, type: "invalid_request_error", param, code });
}

/** The error of a required field that is absent. */
export function missingParameter(param: string): ProviderError {
  return invalidRequest(`Missing required parameter: '${param}'.`, param, "missing_required_parameter");
}

/** The error of a field of the wrong type. `expected` has its article ("an array of objects"). */
export function invalidType(param: string, expected: string, value: unknown): ProviderError {
  const got = value === null ? "null" : Array.isArray(value) ? "an array" : `${article(typeof value)} ${typeof value}`;
  const message = `Invalid type for '${param}': expected ${expected}, but got ${got} instead.`;
  return invalidRequest(message, param, "invalid_type");
}

/** The error of an empty list, where an absent list is valid. */
export function emptyArray(param: string): ProviderError {
  const fault = "empty array. Expected an array with minimum length 1, but got an empty array instead.";
  return invalidRequest(`Invalid '${param}': ${fault}`, param, "empty_array");
}

/** The error of a value outside a fixed set. */
export function invalidValue(param: string, value: unknown, supported: readonly string[]): ProviderError {
  const message = `Invalid value: '${String(value)}'. Supported values are: ${quotedList(supported)}.`;
  return invalidRequest(message, param, "invalid_value");
}

/** `'a', 'b', and 'c'`. */
export function quotedList(names: readonly string[]): string {
  const quoted = names.map((name) => `'${name}'`);
  if (quoted.length < 3) return quoted.join(" and ");
  return `${quoted.slice(0, -1).join(", ")}, and ${quoted.at(-1)}`;
}

/** Converts an error of a handler to a response. An unknown error is logged and becomes a 500. */
export function toErrorResponse(error: unknown): Response {
  const known = error instanceof ProviderError ? error : toServerError(error);
  const contentType = known.page === undefined ? "application/json" : "text/html";
  return new Response(known.page ?? JSON.stringify({ error: known.body }), {
    status: known.status,
    headers: { "content-type": contentType, ...known.headers },
  });
}

function toServerError(error: unknown): ProviderError {
  console.error(error);
  const message = error instanceof Error ? error.message : String(error);
  return new ProviderError(500, {
    message: `The emulated provider failed: ${message}`,
    type: "server_error",
    param: null,
    code: null,
  });
}

function article(noun: string): string {
  return /^[aeiou]/.test(noun) ? "an" : "a";
}
