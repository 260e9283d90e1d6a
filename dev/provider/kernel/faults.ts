// The provider's failures by status.
// Most are JSON in OpenAI's envelope. Those of its edge are HTML pages.
import { type ErrorBody, ProviderError } from "./errors.ts";

/** The error of a failure that has no more specific reason. */
export const SERVER_ERROR: ErrorBody = {
  message:
    "The server had an error while processing your request. Sorry about that! You can retry your request, or contact " +
    "us through our help center at help.openai.com if the error persists.",
  type: "server_error",
  param: null,
  code: null,
};

const envelopes: Record<number, ErrorBody> = {
  401: {
    message: "Incorrect API key provided.",
    type: "invalid_request_error",
    param: null,
    code: "invalid_api_key",
  },
  403: {
    message: "Country, region, or territory not supported",
    type: "request_forbidden",
    param: null,
    code: "unsupported_country_region_territory",
  },
  404: {
    message: "The requested model does not exist or you do not have access to it.",
    type: "invalid_request_error",
    param: null,
    code: "model_not_found",
  },
  429: {
    message: "Rate limit reached in organization org-emulated on requests per min (RPM). Please try again later.",
    type: "requests",
    param: null,
    code: "rate_limit_exceeded",
  },
  503: {
    message: "The server is currently overloaded with other requests. Sorry about that! Please retry later.",
    type: "service_unavailable_error",
    param: null,
    code: "server_is_overloaded",
  },
};

const pages: Record<number, string> = {
  413: "413 Request Entity Too Large",
  502: "502 Bad Gateway",
  504: "504 Gateway Time-out",
};

/** Creates the failure of a status. `retryAfter` (seconds) becomes its header. */
export function createFault(status: number, retryAfter?: number): ProviderError {
  const headers: Record<string, string> = retryAfter === undefined ? {} : { "retry-after": String(retryAfter) };
  const title = pages[status];
  if (title !== undefined) return new ProviderError(status, SERVER_ERROR, { headers, page: toPage(title) });
  return new ProviderError(status, envelopes[status] ?? otherFailure(status), { headers });
}

function otherFailure(status: number): ErrorBody {
  if (status >= 500) return SERVER_ERROR;
  return { message: `Scripted failure ${status}.`, type: "invalid_request_error", param: null, code: null };
}

function toPage(title: string): string {
  const body = `<center><h1>${title}</h1></center>\r\n<hr><center>cloudflare</center>`;
  return `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n${body}\r\n</body>\r\n</html>\r\n`;
}
