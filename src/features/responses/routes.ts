// The Responses routes, shared by the features responses and stored-responses.

import { Hono } from "hono";
import * as v from "valibot";
import type { AppEnv } from "../../core/feature.ts";
import type { Caller } from "../../core/gateway/call.ts";
import { metered } from "../../core/gateway/metered.ts";
import { readBody } from "../../core/http/json-body.ts";
import type { ResponsesRequest } from "../../dialects/responses/request.ts";
import type { AcceptedRequest } from "./exchange.ts";
import { countResponses, passResponses } from "./exchange.ts";
import { findInputFiles, withInputFiles } from "./input-files.ts";
import { needsMemo, resolveReferences } from "./memo.ts";

interface ResponsesRouteOptions<Request extends ResponsesRequest> {
  schema: v.GenericSchema<unknown, Request>;
  /** Accepts a valid request. `memo`: its answer gets a memo. `key` names its reservation. Throws an ApiError. */
  accept: (caller: Caller, request: Request, memo: boolean) => Promise<AcceptedRequest & { key?: string }>;
}

/** Creates the routes POST / (answer) and POST /input_tokens (count) for a request schema. */
export function createResponsesRoutes<Request extends ResponsesRequest>({
  schema,
  accept,
}: ResponsesRouteOptions<Request>) {
  const Resolved = v.pipe(v.unknown(), v.transform(resolveReferences), schema);
  /** The owner of files is checked first, because nothing may be sent for those of another user. */
  const acceptWithFiles: typeof accept = async (caller, request, memo) => {
    const files = await findInputFiles(caller, request);
    return withInputFiles(await accept(caller, request, memo), files);
  };
  return new Hono<AppEnv>()
    .post("/", async (c) => {
      const request = await readBody(c.req, Resolved);
      const memo = needsMemo(request, c.req.header("user-agent"));
      const { key, ...accepted } = await acceptWithFiles(c.get("caller"), request, memo);
      const call = { model: request.model, ways: [passResponses({ ...accepted, memo })] };
      return metered(c.get("caller"), key === undefined ? call : { ...call, key });
    })
    .post("/input_tokens", async (c) => {
      const request = await readBody(c.req, Resolved);
      const accepted = await acceptWithFiles(c.get("caller"), request, false);
      return metered(c.get("caller"), { model: request.model, ways: [countResponses(accepted)] });
    });
}
