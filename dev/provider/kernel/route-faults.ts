// The route /__faults: POST adds a fault to the next requests of a route, DELETE removes all faults.
// It is not part of OpenAI's API and needs no key. It serves routes whose requests have no text for a script.
import { Hono, type MiddlewareHandler } from "hono";
import { matchedRoutes } from "hono/route";
import { isObject } from "./body.ts";
import { callerLeft } from "./delivery/delivery.ts";
import { pause, waitForever } from "./delivery/pause.ts";
import type { Env } from "./env.ts";
import { invalidRequest } from "./errors.ts";
import type { Exchange } from "./exchange.ts";
import { createFault } from "./faults.ts";
import { MAX_DELAY_MS, parseScript, type ScriptRule } from "./script.ts";

export interface RouteFault {
  /** A method and a route pattern, such as `GET /v1/batches/:id`. */
  route: string;
  /** The number of requests that have the fault. The default is 1. */
  times?: number;
  /** The pause before the route begins its work. */
  delay_ms?: number;
  /** Fails with this status, before any work. */
  status?: number;
  /** Seconds in the `retry-after` header. Needs `status`. */
  retry_after?: number;
  /** Never answers, and does no work. */
  stall?: boolean;
  /** Does the work, and cuts the answer after this many bytes. */
  cut?: number;
}

const RULES: Record<keyof RouteFault, ScriptRule> = {
  route: "string",
  times: { minimum: 1, maximum: 1000 },
  delay_ms: { minimum: 0, maximum: MAX_DELAY_MS },
  status: { minimum: 400, maximum: 599 },
  retry_after: { minimum: 0, maximum: 86_400 },
  stall: "boolean",
  cut: { minimum: 0, maximum: 1_000_000_000 },
};

/** An error discards bytes that are not flushed yet. */
const FLUSH_MS = 5;

let faults: (RouteFault & { times: number })[] = [];

export const routeFaults = new Hono<Env>()
  .post("/", async (c) => {
    const fault = parseScript<RouteFault>(await c.req.text(), RULES, "body");
    if (!isObject(fault) || !fault.route)
      throw invalidRequest("The fault has no 'route', such as 'GET /v1/files/:id'.");
    faults.push({ times: 1, ...fault });
    return c.json(fault);
  })
  .delete("/", (c) => {
    faults = [];
    return c.body(null, 204);
  });

/** Applies the oldest fault of the route. The lines of a batch have none. */
export const applyRouteFault: MiddlewareHandler<Env> = async (c, next) => {
  const { exchange } = c.var;
  const fault = exchange.isLine ? undefined : takeFault(`${c.req.method} ${matchedRoutes(c).at(-1)?.path}`);
  if (!fault) return next();
  if (!(await pause(fault.delay_ms ?? 0, exchange.signal))) return callerLeft();
  if (fault.status !== undefined) throw createFault(fault.status, fault.retry_after);
  if (fault.stall) {
    await waitForever(exchange.signal);
    return callerLeft();
  }
  await next();
  if (fault.cut !== undefined) c.res = cutResponse(c.res, fault.cut, exchange);
  return undefined;
};

function takeFault(route: string): RouteFault | undefined {
  const fault = faults.find((candidate) => candidate.route === route);
  if (fault && --fault.times === 0) faults = faults.filter((other) => other !== fault);
  return fault;
}

function cutResponse(response: Response, bytes: number, exchange: Exchange): Response {
  exchange.isStreamed = true;
  let rest = bytes;
  const cut = new TransformStream<Uint8Array, Uint8Array>({
    async transform(chunk, controller) {
      const sent = chunk.subarray(0, rest);
      rest -= sent.byteLength;
      if (sent.byteLength > 0) controller.enqueue(sent);
      if (rest > 0) return;
      await pause(FLUSH_MS, exchange.signal);
      exchange.end("failed");
      controller.error(new Error("The fault cut the connection."));
    },
    flush: () => exchange.end("completed"),
  });
  return new Response(response.body?.pipeThrough(cut) ?? null, response);
}
