// The routes of batches: create, list, read and cancel. Each batch is only for its owner.

import { Hono } from "hono";
import * as v from "valibot";
import { apiError } from "../../core/errors.ts";
import type { AppEnv, Route } from "../../core/feature.ts";
import type { Caller } from "../../core/gateway/call.ts";
import { readBody, validate } from "../../core/http/json-body.ts";
import { spendRequests } from "../../core/quota/spend.ts";
import { BatchCreation, createBatch } from "./batch-creation.ts";
import { batchKind } from "./batch-kind.ts";
import { callJobs } from "./client.ts";
import { isBatchId } from "./provider-batches.ts";
import { valueOf } from "./reply.ts";
import type { WatchedJob } from "./stored-jobs.ts";
import { placeOf } from "./watch.ts";

const CANCEL_MS = 30_000;

const NoQuery = v.strictObject({});

const Page = v.strictObject({
  limit: v.optional(
    v.pipe(v.string(), v.regex(/^([1-9]\d?|100)$/, "must be a whole number from 1 to 100"), v.transform(Number)),
    "20",
  ),
  after: v.optional(v.pipe(v.string(), v.check(isBatchId, "must be the id of a batch"))),
});

const app = new Hono<AppEnv>()
  .post("/", async (c) => createBatch(c.get("caller"), await readBody(c.req, BatchCreation)))
  .get("/", async (c) => {
    const page = validate(Page, c.req.query());
    const caller = c.get("caller");
    await spendRequests(caller, 1);
    const { jobs, hasMore } = await callJobs(caller, (object) => object.listJobs({ kind: batchKind.name, ...page }));
    const [first, last] = [jobs[0]?.id ?? null, jobs.at(-1)?.id ?? null].map((id) => JSON.stringify(id));
    const fields = `"first_id":${first},"last_id":${last},"has_more":${hasMore}`;
    return toResponse(`{"object":"list","data":[${jobs.map(textOf).join(",")}],${fields}}`);
  })
  .get("/:id", async (c) => {
    validate(NoQuery, c.req.query());
    const caller = c.get("caller");
    await spendRequests(caller, 1);
    return toResponse(textOf(await checkBatch(caller, c.req.param("id"))));
  })
  .post("/:id/cancel", async (c) => {
    validate(NoQuery, c.req.query());
    return toResponse(textOf(await cancelBatch(c.get("caller"), c.req.param("id"))));
  });

export const batchRoute: Route = {
  path: "/v1/batches",
  access: "user",
  app,
  summary: "`POST`, `GET`, `GET /:id`, `POST /:id/cancel`: batches at half the price, for their owner",
};

/** Returns a batch as it is now, and settles it when it has ended. Throws 404 when the caller has no such batch. */
async function checkBatch(caller: Caller, id: string): Promise<WatchedJob> {
  return valueOf(await callJobs(caller, (jobs) => jobs.checkJob(batchKind.name, id))) ?? notFound(id);
}

/** Cancels a batch and returns it. One that has ended is returned as it is. */
async function cancelBatch(caller: Caller, id: string): Promise<WatchedJob> {
  await spendRequests(caller, 1);
  const job = (await callJobs(caller, (jobs) => jobs.getJob(batchKind.name, id))) ?? notFound(id);
  if (job.checkAt === undefined) return job;
  await spendRequests(caller, 1);
  const { env, catalog } = caller;
  const { kind, provider } = placeOf(catalog, job);
  await kind.cancel({ env, provider, signal: AbortSignal.timeout(CANCEL_MS) }, id);
  return checkBatch(caller, id);
}

const notFound = (id: string): never => {
  throw apiError("not_found", `You have no batch '${id.slice(0, 100)}'.`);
};

const textOf = ({ id, text }: WatchedJob) => text ?? JSON.stringify({ id, object: "batch" });

const toResponse = (text: string) =>
  new Response(text, { headers: { "content-type": "application/json", "cache-control": "no-cache" } });
