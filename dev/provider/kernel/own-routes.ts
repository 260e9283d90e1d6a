// Requests that the provider sends to its own routes, for the lines of a batch.
import type { Hono } from "hono";
import { isObject, type JsonObject } from "./body.ts";
import type { Env } from "./env.ts";
import { Exchange } from "./exchange.ts";
import { SERVER_ERROR } from "./faults.ts";

export interface OwnAnswer {
  status: number;
  requestId: string;
  body: JsonObject;
  /** Adds the bill of the answer to the book. The caller does so once it uses the answer. */
  book: () => void;
}

/** Sends a JSON body to a route. An answer that breaks off becomes a server error. */
export type CallRoute = (path: string, body: JsonObject) => Promise<OwnAnswer>;

/** Creates the function for the routes of the app. Answers have no pauses. */
export function createCallRoute(app: Hono<Env>, bindings: Env["Bindings"]): CallRoute {
  return async (path, body) => {
    const bytes = new TextEncoder().encode(JSON.stringify(body));
    const headers = { "content-type": "application/json", authorization: "Bearer batch" };
    const request = new Request(`http://provider${path}`, { method: "POST", headers, body: bytes });
    const exchange = new Exchange(request, path, bytes.buffer as ArrayBuffer, "line");
    const response = await app.fetch(request, { ...bindings, PACE_MS: "0", LINE_EXCHANGE: exchange });
    const answer = parseObject(await response.text().catch(() => ""));
    if (response.ok) exchange.end("completed");
    else exchange.refuse();
    return {
      status: answer ? response.status : 500,
      requestId: response.headers.get("x-request-id") ?? "",
      body: answer ?? { error: SERVER_ERROR },
      book: () => exchange.bookLine(),
    };
  };
}

function parseObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
