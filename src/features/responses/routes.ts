// The Responses routes, shared by the features responses and stored-responses.

import { Hono } from "hono";
import type * as v from "valibot";
import type { AppEnv } from "../../core/feature.ts";
import type { Caller } from "../../core/gateway/call.ts";
import { metered } from "../../core/gateway/metered.ts";
import { readBody } from "../../core/json-body.ts";
import type { ResponsesRequest } from "../../dialects/responses/request.ts";
import type { AcceptedRequest } from "./exchange.ts";
import { countResponses, passResponses } from "./exchange.ts";

interface ResponsesRouteOptions<Request extends ResponsesRequest> {
  schema: v.GenericSchema<unknown, Request>;
  /** Validates the caller's request. `key` names its reservation. Throws an ApiError. */
  accept: (caller: Caller, request: Request) => Promise<AcceptedRequest & { key?: string }>;
}

/** Creates the routes POST / (answer) and POST /input_tokens (count) for a request schema. */
export function createResponsesRoutes<Request extends ResponsesRequest>({
  schema,
  accept,
}: ResponsesRouteOptions<Request>) {
  return new Hono<AppEnv>()
    .post("/", async (c) => {
      const request = await readBody(c.req, schema);
      const { key, ...accepted } = await accept(c.get("caller"), request);
      const call = { model: request.model, ways: [passResponses(accepted)] };
      return metered(c.get("caller"), key === undefined ? call : { ...call, key });
    })
    .post("/input_tokens", async (c) => {
      const request = await readBody(c.req, schema);
      const accepted = await accept(c.get("caller"), request);
      return metered(c.get("caller"), { model: request.model, ways: [countResponses(accepted)] });
    });
}
