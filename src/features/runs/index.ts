// The feature runs: a chat with an idempotency key is charged once and can be resumed, read again and cancelled.

import { Hono } from "hono";
import * as v from "valibot";
import { choosePlan } from "../../core/catalog/choose.ts";
import { resolveModel, toDay } from "../../core/catalog/resolve.ts";
import type { AppEnv, Feature } from "../../core/feature.ts";
import type { Caller } from "../../core/gateway/call.ts";
import { metered } from "../../core/gateway/metered.ts";
import { readBody, validate } from "../../core/http/json-body.ts";
import { slimCall } from "../slim-chat/exchange.ts";
import { SlimRequest } from "../slim-chat/request.ts";
import { toCatalogText } from "./catalog-text.ts";
import { allowsRuns, runsOf, runsSection } from "./catalog.ts";
import { bindingFaults, callRuns, deleteRuns } from "./client.ts";
import { isForbiddenByPlan, runNotFound } from "./failures.ts";
import { fingerprintOf, idempotencyKeyOf, isKey, lastEventIdOf } from "./request.ts";

const CancelQuery = v.strictObject({ forget: v.optional(v.literal("1", "must be 1, or left out")) });

const app = new Hono<AppEnv>()
  .post("/", async (c, next) => {
    const caller = c.get("caller");
    const { headers } = c.req.raw;
    const { user, catalog, revision, requestId } = caller;
    const key = runsOf(catalog).enabled ? idempotencyKeyOf(headers) : undefined;
    if (key === undefined) return next();
    const after = lastEventIdOf(headers);
    const request = await readBody(c.req, SlimRequest);
    if (!allowsRun(caller, request)) return metered(caller, slimCall(request));
    const form = request.stream ? "stream" : "whole";
    const fingerprint = await fingerprintOf(key, request);
    const catalogText = toCatalogText(catalog);
    const facts = { fingerprint, user, catalogText, revision, request, requestId, receivedAt: Date.now() };
    try {
      return await callRuns(caller, key, (runs, address) => runs.start({ ...address, ...facts, after, form }));
    } catch (error) {
      if (!isForbiddenByPlan(error)) throw error;
      return metered(caller, slimCall(request));
    }
  })
  .get("/:id", (c) => {
    const caller = c.get("caller");
    const key = requireRunKey(caller, c.req.param("id"));
    const after = lastEventIdOf(c.req.raw.headers, c.req.queries("after"));
    const form = isJsonWanted(c.req.header("accept")) ? "state" : "stream";
    return callRuns(caller, key, (runs, address) => runs.read({ ...address, after, form }));
  })
  .delete("/:id", (c) => {
    const caller = c.get("caller");
    const key = requireRunKey(caller, c.req.param("id"));
    const { forget } = validate(CancelQuery, c.req.query());
    return callRuns(caller, key, (runs, address) => runs.cancel({ ...address, forget: forget !== undefined }));
  });

/**
 * Tests if the token's plan and the model of a request allow runs. The object tests the plan that an operator has set.
 * A model that has left the catalog allows them, so that a repeated request can still read its run.
 */
function allowsRun({ user, catalog }: Caller, { model }: SlimRequest): boolean {
  const resolution = resolveModel(catalog, model, toDay(Date.now()));
  const { plan } = choosePlan(catalog, user.plan);
  return allowsRuns(plan, resolution.kind === "found" ? resolution.model.aliases : []);
}

/** Returns the key in a URL. Throws 404 for a text that cannot be a key, and when runs are off. */
function requireRunKey({ catalog }: Caller, id: string): string {
  if (isKey(id) && runsOf(catalog).enabled) return id;
  throw runNotFound();
}

/** An EventSource accepts events. Clients that accept everything get them too. */
const isJsonWanted = (accept = ""): boolean =>
  accept.includes("application/json") && !accept.includes("text/event-stream");

export const runs: Feature = {
  name: "runs",
  needs: ["slim-chat"],
  catalog: runsSection,
  configurationFaults: bindingFaults,
  deleteUser: deleteRuns,
  routes: [
    {
      path: "/chat",
      access: "user",
      app,
      summary: "`POST` with `idempotency-key` starts a run. `GET`, `DELETE` of `/:id` resume and cancel it",
    },
  ],
};
