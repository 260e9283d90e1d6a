// Middleware of every route below /v1: totals, response headers, and the API key.
import type { MiddlewareHandler } from "hono";
import { matchedRoutes } from "hono/route";
import type { Env } from "./env.ts";
import { invalidRequest } from "./errors.ts";
import { Exchange } from "./exchange.ts";
import { createId } from "./ids.ts";

/**
 * Opens an exchange and ends it after the response. A streamed body ends its exchange itself. POST requests to
 * `uploadPaths` keep their body as a stream, which their handler reads and counts.
 */
export function countExchange(uploadPaths: readonly string[] = []): MiddlewareHandler<Env> {
  return async (c, next) => {
    if (c.env.LINE_EXCHANGE) {
      c.set("exchange", c.env.LINE_EXCHANGE);
      return next();
    }
    const isUpload = c.req.method === "POST" && uploadPaths.includes(c.req.path);
    const pattern = matchedRoutes(c).at(-1)?.path ?? "";
    const route = pattern.endsWith("*") ? c.req.path : pattern;
    const body = isUpload ? new ArrayBuffer(0) : await c.req.arrayBuffer();
    const exchange = new Exchange(c.req.raw, route, body);
    c.set("exchange", exchange);
    await next();
    if (c.res.headers.get("content-type")?.startsWith("text/event-stream")) exchange.countStream();
    if (exchange.isStreamed) return;
    const sent = await c.res.arrayBuffer();
    exchange.countBytes(sent.byteLength);
    if (c.res.status < 400) exchange.end("completed");
    else exchange.refuse();
    c.res = new Response(sent, c.res);
  };
}

/** Adds the headers that every response of OpenAI has. */
export const addHeaders: MiddlewareHandler<Env> = async (c, next) => {
  const startedAt = Date.now();
  await next();
  c.res.headers.set("x-request-id", createId("req_", 32));
  c.res.headers.set("openai-version", "2020-10-01");
  c.res.headers.set("openai-processing-ms", String(Date.now() - startedAt));
};

const WRONG_KEY = "wrong-key";

/** Accepts every key except `wrong-key`, as a bearer token or in a header that ends in `api-key`. */
export const requireKey: MiddlewareHandler<Env> = async (c, next) => {
  const [, own] = [...c.req.raw.headers].find(([name]) => name.endsWith("api-key")) ?? [];
  const key = own || /^bearer (\S+)/i.exec(c.req.header("authorization") ?? "")?.[1];
  if (!key) {
    throw invalidRequest(
      "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth " +
        "(i.e. Authorization: Bearer YOUR_KEY).",
      null,
      "invalid_api_key",
      401,
    );
  }
  if (key === WRONG_KEY) throw invalidRequest("Incorrect API key provided.", null, "invalid_api_key", 401);
  await next();
};
