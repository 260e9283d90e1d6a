// The routes of files: upload, list, get, delete and content.

import { Hono } from "hono";
import * as v from "valibot";
import { apiError } from "../../core/errors.ts";
import type { AppEnv, Route } from "../../core/feature.ts";
import { textUpTo } from "../../core/http/bounded-schemas.ts";
import { validate } from "../../core/http/json-body.ts";
import { planAndUsage } from "../../core/quota/plan-and-usage.ts";
import { filesOf } from "./catalog.ts";
import { callJobs } from "./client.ts";
import { fileContent } from "./file-content.ts";
import { deleteFile } from "./file-deletion.ts";
import { fileNotFound, requireOwnFile } from "./own-files.ts";
import type { StoredFile } from "./stored-files.ts";
import { uploadFile } from "./upload.ts";

const MAX_LIMIT = 10_000;

const Page = v.strictObject({
  purpose: v.optional(textUpTo(64)),
  limit: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^\d{1,5}$/, "must be a whole number"),
      v.transform(Number),
      v.minValue(1),
      v.maxValue(MAX_LIMIT),
    ),
    String(MAX_LIMIT),
  ),
  order: v.optional(v.picklist(["asc", "desc"]), "desc"),
  after: v.optional(textUpTo(256)),
});

const NoQuery = v.strictObject({});

/** Another user's file gets the same answer as one that does not exist. */
const files = new Hono<AppEnv>()
  .post("/", async (c) => c.json(toFileObject(await uploadFile(c.get("caller"), c.req.raw))))
  .get("/", async (c) => {
    const { purpose, limit, order, after } = validate(Page, c.req.query());
    const caller = c.get("caller");
    await planAndUsage(caller);
    const page = { purpose, limit, isAscending: order === "asc", after };
    const list = await callJobs(caller, (jobs) => jobs.listFiles(page));
    if (!list) throw fileNotFound(after ?? "", "after");
    const data = list.files.map(toFileObject);
    const ends = { first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null };
    return c.json({ object: "list", data, ...ends, has_more: list.hasMore });
  })
  .get("/:id", async (c) => {
    validate(NoQuery, c.req.query());
    const caller = c.get("caller");
    await planAndUsage(caller);
    return c.json(toFileObject(await requireOwnFile(caller, c.req.param("id"))));
  })
  .delete("/:id", async (c) => {
    validate(NoQuery, c.req.query());
    const id = c.req.param("id");
    await deleteFile(c.get("caller"), id);
    return c.json({ id, object: "file", deleted: true });
  })
  .get("/:id/content", async (c) => {
    validate(NoQuery, c.req.query());
    return fileContent(c.get("caller"), c.req.param("id"));
  });

/** Uploads in parts would hide the content from the scan. */
const uploads = new Hono<AppEnv>().all("*", (c) => {
  const { max_file_bytes } = filesOf(c.get("caller").catalog);
  const message = `Uploads in parts are not offered. Send the whole file, of at most ${max_file_bytes} bytes, to POST /v1/files.`;
  throw apiError("not_found", message);
});

/** Writes a file as OpenAI does. */
export const toFileObject = ({ id, bytes, createdAt, expiresAt, filename, purpose }: StoredFile) => ({
  id,
  object: "file",
  bytes,
  created_at: createdAt,
  expires_at: expiresAt ?? null,
  filename,
  purpose,
  status: "processed",
});

export const fileRoutes: Route[] = [
  {
    path: "/v1/files",
    access: "user",
    app: files,
    summary: "`POST` a form, `GET` a list; `GET`, `DELETE` of `/:id`; `GET /:id/content`: files, for their owner",
  },
  {
    path: "/v1/uploads",
    access: "user",
    app: uploads,
    summary: "any method, and all paths below: 404. Files are sent whole, to `/v1/files`",
  },
];
