// What every request to the API passes before an endpoint sees it: the books, the headers, the key.
import type { MiddlewareHandler } from "hono";
import type { Env } from "./env.ts";
import { invalidRequest } from "./errors.ts";
import { Exchange } from "./exchange.ts";
import { createId } from "./ids.ts";

/** Opens an exchange, measures the answer, and closes the exchange unless a held body closes it later. */
export const keepBooks: MiddlewareHandler<Env> = async (c, next) => {
  const exchange = new Exchange(c.req.raw, await c.req.arrayBuffer());
  c.set("exchange", exchange);
  await next();
  if (c.res.headers.get("content-type")?.startsWith("text/event-stream")) exchange.startStream();
  if (exchange.held) return;
  const body = await c.res.arrayBuffer();
  exchange.wrote(body.byteLength);
  exchange.end(c.res.status < 400 ? "completed" : "failed");
  c.res = new Response(body, c.res);
};

/** Adds the headers that every answer of OpenAI has. */
export const addHeaders: MiddlewareHandler<Env> = async (c, next) => {
  const startedAt = Date.now();
  await next();
  c.res.headers.set("x-request-id", createId("req_", 32));
  c.res.headers.set("openai-version", "2020-10-01");
  c.res.headers.set("openai-processing-ms", String(Date.now() - startedAt));
};

const WRONG_KEY = "wrong-key";

/** Lets every key pass but the wrong one: whoever's it is, it is answered here, and nothing is charged for it. */
export const requireKey: MiddlewareHandler<Env> = async (c, next) => {
  const [scheme, key] = (c.req.header("authorization") ?? "").split(" ");
  if (scheme?.toLowerCase() !== "bearer" || !key) {
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
