// The routes of files: upload, list, read, delete, and the content.
import { type Context, Hono } from "hono";
import { type Env, now } from "../kernel/env.ts";
import { invalidRequest } from "../kernel/errors.ts";
import type { Exchange } from "../kernel/exchange.ts";
import { toPage } from "../kernel/pages.ts";
import type { Content } from "./content.ts";
import { readExpiry } from "./expiry.ts";
import { deleteFile, findStoredFile, listFiles, type StoredFile, storeFile } from "./files-store.ts";
import { readUpload, type Upload } from "./upload.ts";

const PURPOSES = ["fine-tune", "assistants", "batch", "user_data", "vision", "evals"];
/** Files of these purposes are JSONL: the name of the API in OpenAI's error. */
const JSONL_PURPOSES: Record<string, string> = { "fine-tune": "Fine-Tuning API", batch: "Batch API" };
const NOT_DOWNLOADABLE = new Set(["assistants", "user_data", "vision"]);
const BATCH_EXPIRY_S = 30 * 86_400;
const PAGE_RULES = { defaultLimit: 10_000, maxLimit: 10_000, noun: "File" };

export const fileRoutes = new Hono<Env>()
  .post("/", async (c) => {
    const createdAt = Math.floor(now(c.env).getTime() / 1000);
    return c.json(toWireFile(storeFile(readNewFile(await readUpload(c), createdAt))));
  })
  .get("/", (c) => {
    const purpose = c.req.query("purpose");
    const files = listFiles(now(c.env)).filter((file) => purpose === undefined || file.purpose === purpose);
    return c.json(toPage(files.map(toWireFile), c.req.query(), PAGE_RULES));
  })
  .get("/:id", (c) => c.json(toWireFile(requireFile(c))))
  .delete("/:id", (c) => {
    const { id } = requireFile(c);
    deleteFile(id);
    return c.json({ id, object: "file", deleted: true });
  })
  .get("/:id/content", (c) => {
    const { content, filename, purpose } = requireFile(c);
    if (NOT_DOWNLOADABLE.has(purpose)) {
      throw invalidRequest(`Not allowed to download files of purpose: ${purpose}`);
    }
    c.header("content-type", "application/octet-stream");
    c.header("content-disposition", `attachment; filename="${filename.replaceAll('"', "%22")}"`);
    return c.body(toStream(content, c.var.exchange));
  });

function requireFile(c: Context<Env>): StoredFile {
  const id = c.req.param("id") ?? "";
  const file = findStoredFile(id, now(c.env));
  if (file) return file;
  throw invalidRequest(`No such File object: ${id}`, "id", null, 404);
}

function readNewFile({ fields, file }: Upload, createdAt: number): Omit<StoredFile, "id"> {
  if (!file) throw invalidRequest("'file' is a required property");
  const purpose = fields.get("purpose");
  if (purpose === undefined) throw invalidRequest("'purpose' is a required property");
  if (!PURPOSES.includes(purpose)) {
    const list = PURPOSES.map((name) => `'${name}'`).join(", ");
    throw invalidRequest(`'${purpose}' is not one of [${list}] - 'purpose'`);
  }
  const api = JSONL_PURPOSES[purpose];
  if (api !== undefined && !file.name.endsWith(".jsonl")) {
    throw invalidRequest(`Invalid file format for ${api}. Must be .jsonl`);
  }
  const [anchor, seconds] = [fields.get("expires_after[anchor]"), fields.get("expires_after[seconds]")];
  const asked = anchor === undefined && seconds === undefined ? undefined : { anchor, seconds: Number(seconds) };
  const lifetime = readExpiry(asked, "expires_after") ?? (purpose === "batch" ? BATCH_EXPIRY_S : undefined);
  const expiresAt = lifetime === undefined ? undefined : createdAt + lifetime;
  return { filename: file.name, purpose, createdAt, expiresAt, content: file.content };
}

function toWireFile({ id, content, createdAt, expiresAt, filename, purpose }: StoredFile) {
  return {
    id,
    object: "file",
    bytes: content.length,
    created_at: createdAt,
    expires_at: expiresAt ?? null,
    filename,
    purpose,
    status: "processed",
    status_details: null,
  };
}

/** The content as a stream of its blocks. The exchange ends with it. */
function toStream(content: Content, exchange: Exchange): ReadableStream<Uint8Array> {
  exchange.isStreamed = true;
  let next = 0;
  return new ReadableStream({
    pull(controller) {
      if (next < content.blockCount) {
        const block = content.block(next++);
        exchange.countBytes(block.length);
        // The receiver may take the memory of what it gets.
        controller.enqueue(block.slice());
      } else {
        exchange.end("completed");
        controller.close();
      }
    },
    cancel: () => exchange.cancel(),
  });
}
