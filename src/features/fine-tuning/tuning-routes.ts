// The routes of /v1/fine_tuning/jobs. A job of another user is a 404, like one that does not exist.

import { Hono } from "hono";
import * as v from "valibot";
import type { AppEnv } from "../../core/feature.ts";
import { readBody, validate } from "../../core/http/json-body.ts";
import { createTuningJob } from "./create-tuning.ts";
import { actOnOwnJob, getOwnJob, getOwnList, listOwnJobs } from "./own-jobs.ts";
import type { TuningAction, TuningList } from "./provider-jobs.ts";
import { TuningRequest } from "./request.ts";

const NoQuery = v.strictObject({});

const Page = v.strictObject({
  limit: v.optional(v.pipe(v.string(), v.regex(/^([1-9]\d?|100)$/, "must be a whole number from 1 to 100")), "20"),
  after: v.optional(v.pipe(v.string(), v.regex(/^[\w-]{1,200}$/, "must be an id"))),
});

export const tuningRoutes = new Hono<AppEnv>()
  .post("/", async (c) => createTuningJob(c.get("caller"), await readBody(c.req, TuningRequest)))
  .get("/", async (c) => {
    const { limit, after } = validate(Page, c.req.query());
    return toJsonResponse(await listOwnJobs(c.get("caller"), { limit: Number(limit), after }));
  })
  .get("/:id", async (c) => {
    validate(NoQuery, c.req.query());
    return toJsonResponse(await getOwnJob(c.get("caller"), c.req.param("id")));
  })
  .post("/:id/:action{cancel|pause|resume}", async (c) => {
    const { id, action } = c.req.param();
    return toJsonResponse(await actOnOwnJob(c.get("caller"), id, action as TuningAction));
  })
  .get("/:id/:list{events|checkpoints}", async (c) => {
    const { id, list } = c.req.param();
    const { limit, after } = validate(Page, c.req.query());
    const query = new URLSearchParams({ limit, ...(after === undefined ? {} : { after }) });
    return toJsonResponse(await getOwnList(c.get("caller"), id, list as TuningList, query));
  });

const toJsonResponse = (text: string) =>
  new Response(text, { headers: { "content-type": "application/json", "cache-control": "no-cache" } });
