// Cross-origin access for web views and browsers (Fetch standard, section 3.3), for the origins in ALLOWED_ORIGINS.
// Tokens travel in a header and never in cookies, so a page can send only the tokens that it holds.

/** `*`, `null`, or a scheme and a host: https://app.example.com, capacitor://localhost. */
const ORIGIN = /^(\*|null|[a-z][a-z0-9+.-]*:\/\/[^\s/?#@]*)$/;
const METHODS = "GET, POST, PUT, PATCH, DELETE";
/** Browsers repeat a preflight after this time. Chrome allows at most two hours. */
const MAX_AGE_S = 7200;

interface CorsEnv {
  ALLOWED_ORIGINS?: unknown;
}

const cachedOrigins = new WeakMap<object, string[]>();

/** Returns the origins of the variable, in order. */
function allowedOrigins(env: CorsEnv): string[] {
  const cached = cachedOrigins.get(env);
  if (cached) return cached;
  const { ALLOWED_ORIGINS: given } = env;
  const origins = typeof given === "string" ? given.split(/\s+/).filter(Boolean) : [];
  cachedOrigins.set(env, origins);
  return origins;
}

/** Returns the faults of the variable. A browser never sends an origin of another form. */
export function originFaults(env: CorsEnv): string[] {
  const { ALLOWED_ORIGINS: given } = env;
  if (given !== undefined && typeof given !== "string") return ["ALLOWED_ORIGINS: write the origins as one text"];
  const wrong = allowedOrigins(env).filter((origin) => !ORIGIN.test(origin));
  if (wrong.length === 0) return [];
  return ["ALLOWED_ORIGINS: write each origin as scheme://host or scheme://host:port, without a path or slash"];
}

/** Returns the answer to a preflight request of an allowed origin; undefined for any other request. */
export function preflightResponse(request: Request, env: CorsEnv): Response | undefined {
  const { headers } = request;
  const isPreflight = request.method === "OPTIONS" && headers.has("access-control-request-method");
  if (!isPreflight || grantFor(request, env) === undefined) return undefined;
  const requested = headers.get("access-control-request-headers");
  return new Response(null, {
    status: 204,
    headers: {
      "access-control-allow-methods": METHODS,
      "access-control-max-age": String(MAX_AGE_S),
      vary: "access-control-request-headers",
      ...(requested === null ? {} : { "access-control-allow-headers": requested }),
    },
  });
}

/** Adds the headers that let an allowed origin read a response and all of its headers. */
export function allowOrigin(request: Request, env: CorsEnv, headers: Headers): void {
  const origins = allowedOrigins(env);
  if (origins.length > 0 && !origins.includes("*")) headers.append("vary", "origin");
  const grant = grantFor(request, env);
  if (grant === undefined) return;
  headers.set("access-control-expose-headers", [...headers.keys()].join(", "));
  headers.set("access-control-allow-origin", grant);
}

/** The value of `access-control-allow-origin`; undefined when the origin is not allowed. */
function grantFor({ headers }: Request, env: CorsEnv): string | undefined {
  const origin = headers.get("origin");
  const origins = allowedOrigins(env);
  if (origin === null) return undefined;
  if (origins.includes("*")) return "*";
  return origins.includes(origin) ? origin : undefined;
}
