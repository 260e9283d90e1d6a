// The routes of /admin/catalog: revisions, the pointer to the active one, and notices.

import type { Context } from "hono";
import { Hono } from "hono";
import * as v from "valibot";
import type { Notices } from "./notices.ts";
import { activeOf, BUNDLED, revisionKey, revisionNamed } from "../../core/catalog/pointer.ts";
import type { PublishResult } from "./object.ts";
import type { HistoryEntry, Intent, Move, Publication } from "./publication.ts";
import { callPublisher } from "./publisher-client.ts";
import { bundledDocument, invalidateCatalog } from "../../core/catalog/store.ts";
import type { AppEnv } from "../../core/feature.ts";
import type { ApiError } from "../../core/errors.ts";
import { apiError } from "../../core/errors.ts";
import { checkModels } from "./daily-check.ts";
import { readBody, validate } from "../../core/http/json-body.ts";

/** KV propagates a change within 60 s, and an isolate rereads the pointer every 30 s. The rest is a safety margin. */
const PROPAGATION_MS = 120_000;

const Note = v.pipe(v.string(), v.minLength(1), v.maxLength(500));
const Revision = v.pipe(v.string(), v.regex(/^[\w.-]{1,64}$/, "must be a revision"));
const intentFields = { author: v.nullish(Note, null), note: v.nullish(Note, null), expected: v.optional(Revision) };

const PutQuery = v.strictObject({ ...intentFields, activate: v.optional(v.picklist(["true", "false"]), "true") });
const Activation = v.strictObject({ ...intentFields, revision: Revision });
const CanaryMove = v.strictObject({
  ...intentFields,
  revision: Revision,
  percent: v.pipe(v.number(), v.minValue(0), v.maxValue(100)),
});
const Rollback = v.strictObject(intentFields);

export const catalogRoutes = new Hono<AppEnv>()
  .get("/", async (c) => c.json(toWire(await callPublisher(c.env, (publisher) => publisher.publication()))))
  .put("/", async (c) => {
    const { activate, ...intent } = validate(PutQuery, c.req.query());
    const document = await readBody(c.req, v.record(v.string(), v.unknown()));
    const result = await callPublisher(c.env, (publisher) => publisher.put(document, activate === "true", intent));
    if (!result.ok && result.reason === "missing") throw notYetReadable(result.revision);
    return toResponse(c, result, 201);
  })
  .post("/activate", async (c) => {
    const { revision, ...intent } = await readBody(c.req, Activation);
    return move(c, { kind: "activate", revision }, intent);
  })
  .post("/canary", async (c) => {
    const { revision, percent, ...intent } = await readBody(c.req, CanaryMove);
    return move(c, { kind: "canary", revision, percent }, intent);
  })
  .post("/rollback", async (c) => move(c, { kind: "rollback" }, await readBody(c.req, Rollback)))
  .get("/notices", async (c) => c.json(toNotices(await callPublisher(c.env, (publisher) => publisher.notices()))))
  .post("/notices", async (c) => {
    return c.json(toNotices(await checkModels(c.env, Date.now(), (work) => c.executionCtx.waitUntil(work))), 201);
  })
  .get("/:revision", async (c) => {
    const { pointer } = await callPublisher(c.env, (publisher) => publisher.publication());
    const name = c.req.param("revision");
    const revision = revisionNamed(pointer, name);
    if (revision === BUNDLED) return c.json(bundledDocument);
    const key = revisionKey(validate(Revision, revision));
    const document: unknown = await callPublisher(c.env, () => c.env.CATALOG.get(key, "json"));
    if (document === null) throw revisionNotFound(name);
    return c.json(document);
  });

async function move(c: Context<AppEnv>, to: Move, intent: Intent): Promise<Response> {
  return toResponse(c, await callPublisher(c.env, (publisher) => publisher.move(to, intent)), 200);
}

function toResponse(c: Context<AppEnv>, result: PublishResult, status: 200 | 201): Response {
  if (!result.ok) throw toPublishError(result);
  // Other isolates reread KV at intervals; this one rereads it now.
  invalidateCatalog();
  const { revision, publication, warnings } = result;
  return c.json({ revision, ...(warnings ? { warnings } : {}), ...toWire(publication) }, status);
}

function toPublishError(result: PublishResult & { ok: false }): ApiError {
  switch (result.reason) {
    case "conflict": {
      const message = `The active revision is '${result.active}', not the one that you expected. Nothing was changed.`;
      return apiError("revision_conflict", message, { param: "expected" });
    }
    case "faults": {
      const { faults } = result;
      return apiError("invalid_catalog", `The catalog has ${faults.length} fault(s):\n${faults.join("\n")}`);
    }
    case "missing":
      return revisionNotFound(result.revision);
    case "not_applicable":
      return apiError("invalid_request", result.why);
  }
}

function revisionNotFound(revision: string): ApiError {
  const message = `There is no revision '${revision}'. GET /admin/catalog lists the published revisions.`;
  return apiError("revision_not_found", message);
}

/** KV caches a negative lookup for a while, so that a new key can look absent. */
function notYetReadable(revision: string): ApiError {
  const message = `Revision '${revision}' is stored but cannot be read back yet. Please try again in a minute.`;
  return apiError("catalog_unavailable", message, { headers: { "retry-after": "60" } });
}

function toWire({ pointer, history }: Publication) {
  const { canary, publishedAt } = pointer;
  const at = publishedAt === 0 ? null : publishedAt;
  return {
    active: activeOf(pointer),
    previous: at === null ? null : (pointer.previous ?? BUNDLED),
    canary: canary ? { revision: canary.revision, percent: canary.percent } : null,
    published_at: toIso(at),
    seen_everywhere_by: toIso(at === null ? null : at + PROPAGATION_MS),
    history: history.map((entry: HistoryEntry) => Object.assign({}, entry, { at: toIso(entry.at) })),
  };
}

function toNotices(stored: Notices | undefined) {
  const notices = stored?.notices.map(({ shutdownDate, ...notice }) => ({
    ...notice,
    shutdown_date: shutdownDate ?? null,
  }));
  return { checked_at: toIso(stored?.checkedAt ?? null), notices: notices ?? [] };
}

const toIso = (moment: number | null) => (moment === null ? null : new Date(moment).toISOString());
