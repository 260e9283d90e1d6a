// /admin/catalog: revisions of the catalog, which of them callers get, and what an operator should know of the models.

import type { Context } from "hono";
import { Hono } from "hono";
import * as v from "valibot";
import type { Notices } from "./notices.ts";
import { activeOf, BUNDLED, revisionKey, revisionNamed } from "../../core/catalog/pointer.ts";
import type { PublishResult } from "./object.ts";
import type { HistoryEntry, Intent, Move, Publication } from "./publication.ts";
import { publisherOf } from "./publisher-client.ts";
import { bundledDocument, invalidateCatalog } from "../../core/catalog/store.ts";
import type { AppEnv } from "../../core/feature.ts";
import type { ApiError } from "../../core/errors.ts";
import { apiError } from "../../core/errors.ts";
import { checkModels } from "./daily-check.ts";
import { readBody, validate } from "../../core/json-body.ts";

/** KV shows a change everywhere within 60 s, an isolate looks every 30 s, and the request after that has it. */
const SEEN_EVERYWHERE_MS = 120_000;

const Words = v.pipe(v.string(), v.minLength(1), v.maxLength(500));
const Revision = v.pipe(v.string(), v.regex(/^[\w.-]{1,64}$/, "must be a revision"));
const intent = { author: v.nullish(Words, null), note: v.nullish(Words, null), expected: v.optional(Revision) };

const PutQuery = v.strictObject({ ...intent, activate: v.optional(v.picklist(["true", "false"]), "true") });
const Activation = v.strictObject({ ...intent, revision: Revision });
const Trial = v.strictObject({
  ...intent,
  revision: Revision,
  percent: v.pipe(v.number(), v.minValue(0), v.maxValue(100)),
});
const Rollback = v.strictObject(intent);

export const catalogRoutes = new Hono<AppEnv>()
  .get("/", async (c) => c.json(toWire(await publisherOf(c.env, (publisher) => publisher.publication()))))
  .put("/", async (c) => {
    const { activate, ...words } = validate(PutQuery, c.req.query());
    const document = await readBody(c.req, v.record(v.string(), v.unknown()));
    const result = await publisherOf(c.env, (publisher) => publisher.put(document, activate === "true", words));
    if (!result.ok && result.reason === "missing") throw notYet(result.revision);
    return published(c, result, 201);
  })
  .post("/activate", async (c) => {
    const { revision, ...words } = await readBody(c.req, Activation);
    return move(c, { kind: "activate", revision }, words);
  })
  .post("/canary", async (c) => {
    const { revision, percent, ...words } = await readBody(c.req, Trial);
    return move(c, { kind: "canary", revision, percent }, words);
  })
  .post("/rollback", async (c) => move(c, { kind: "rollback" }, await readBody(c.req, Rollback)))
  .get("/notices", async (c) => c.json(toNotices(await publisherOf(c.env, (publisher) => publisher.notices()))))
  .post("/notices", async (c) => {
    return c.json(toNotices(await checkModels(c.env, Date.now(), (work) => c.executionCtx.waitUntil(work))), 201);
  })
  .get("/:revision", async (c) => {
    const { pointer } = await publisherOf(c.env, (publisher) => publisher.publication());
    const asked = c.req.param("revision");
    const revision = revisionNamed(pointer, asked);
    if (revision === BUNDLED) return c.json(bundledDocument);
    const key = revisionKey(validate(Revision, revision));
    const document: unknown = await publisherOf(c.env, () => c.env.CATALOG.get(key, "json"));
    if (document === null) throw notThere(asked);
    return c.json(document);
  });

async function move(c: Context<AppEnv>, to: Move, words: Intent): Promise<Response> {
  return published(c, await publisherOf(c.env, (publisher) => publisher.move(to, words)), 200);
}

function published(c: Context<AppEnv>, result: PublishResult, status: 200 | 201): Response {
  if (!result.ok) throw toRefusal(result);
  // Other isolates look at KV every now and then; this one can know at once.
  invalidateCatalog();
  return c.json({ revision: result.revision, ...toWire(result.publication) }, status);
}

function toRefusal(result: PublishResult & { ok: false }): ApiError {
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
      return notThere(result.revision);
    case "senseless":
      return apiError("invalid_request", result.why);
  }
}

function notThere(revision: string): ApiError {
  return apiError(
    "revision_not_found",
    `There is no revision '${revision}'. GET /admin/catalog lists those that there are.`,
  );
}

/** KV remembers for a while that a key was not there. */
function notYet(revision: string): ApiError {
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
    seen_everywhere_by: toIso(at === null ? null : at + SEEN_EVERYWHERE_MS),
    history: history.map((entry: HistoryEntry) => Object.assign({}, entry, { at: toIso(entry.at) })),
  };
}

function toNotices(kept: Notices | undefined) {
  const notices = kept?.notices.map(({ shutdownDate, ...notice }) => ({
    ...notice,
    shutdown_date: shutdownDate ?? null,
  }));
  return { checked_at: toIso(kept?.checkedAt ?? null), notices: notices ?? [] };
}

const toIso = (moment: number | null) => (moment === null ? null : new Date(moment).toISOString());
