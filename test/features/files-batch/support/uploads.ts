// Uploads in workerd: forms, a user with files, and what the provider and the user's object have stored.

import { runInDurableObject } from "cloudflare:test";
import type { FileLimits } from "../../../../src/features/files-batch/catalog.ts";
import type { UserJobs } from "../../../../src/features/files-batch/object.ts";
import type { ProviderFile } from "../../../../src/features/files-batch/provider-files.ts";
import { quotaName } from "../../../../src/core/quota/name.ts";
import type { Bindings } from "../../../../src/core/env.ts";
import type { TestPlan } from "../../../support/catalog.ts";
import { createCatalog } from "../../../support/catalog.ts";
import { bindings, createUser, useCatalog } from "../../../support/workerd.ts";

export const BOUNDARY = "river";
export const END = `--${BOUNDARY}--\r\n`;

/** One field of a form. */
export const field = (name: string, text: string) =>
  `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${text}\r\n`;

/** The file of a form. */
export const filePart = (content: string, filename = "notes.txt") =>
  `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="${filename}"\r\nContent-Type: text/plain\r\n\r\n${content}\r\n`;

/** A request with that form. A stream has no declared length. */
export const formRequest = (body: BodyInit, headers: Record<string, string> = {}): RequestInit => ({
  method: "POST",
  headers: { ...headers, "content-type": `multipart/form-data; boundary=${BOUNDARY}` },
  body,
});

/** A form as clients create it. The fields follow the file. */
export function createUpload(content: string, fields: Record<string, string>, filename = "notes.txt"): FormData {
  const form = new FormData();
  form.append("file", new File([content], filename));
  for (const [name, text] of Object.entries(fields)) form.append(name, text);
  return form;
}

/** A text in chunks of 50,000 bytes, without a declared length. It breaks off after `end` bytes. */
export function inChunks(text: string, end = Infinity): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  let at = 0;
  return new ReadableStream({
    type: "bytes",
    pull(controller) {
      if (at >= end) return controller.error(new Error("connection lost"));
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, Math.min(end, at + 50_000)));
      at += 50_000;
    },
  });
}

interface FileRules {
  /** Of the default plan. */
  limits?: Partial<FileLimits> | false;
  max_file_bytes?: number;
  idle_ms?: number;
}

/** Publishes a catalog with rules for files. */
export async function useFileRules({ limits = {}, max_file_bytes = 400_000, idle_ms = 60_000 }: FileRules = {}) {
  const catalog = createCatalog({ idle_ms });
  const plans = { ...catalog.plans, roomy: { ...catalog.plans["roomy"], files: limits } };
  return useCatalog({ ...catalog, plans, files: { max_file_bytes } });
}

/** The answer of an upload, as OpenAI's clients read it. */
export interface FileObject {
  id: string;
  bytes: number;
  filename: string;
  purpose: string;
  expires_at: number | null;
}

/** A new user, and the names of the files that the provider and the user's object have. */
export async function createOwner(plan?: TestPlan, changes?: Partial<Bindings>) {
  const user = await createUser(plan, changes);
  const owner = await quotaName({ issuer: "weir", subject: user.subject }, bindings.QUOTA_PEPPER);
  const jobs = () => bindings.USER_JOBS.getByName(owner);
  return {
    ...user,
    owner,
    jobs,
    /** Uploads a text. */
    upload: (content: string, fields: Record<string, string> = { purpose: "user_data" }, filename?: string) =>
      user.post("/v1/files", createUpload(content, fields, filename)),
    /** The user's files at the provider. */
    atProvider: async () => (await providerFiles()).filter(({ filename }) => filename.startsWith(owner.slice(3, 27))),
    /** The number of uploads that have not ended. */
    uploads: () =>
      runInDurableObject(jobs(), (_: UserJobs, { storage }) => {
        // An object that nobody has called has no table.
        const [table] = storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'uploads'").toArray();
        return table ? Number(storage.sql.exec("SELECT COUNT(*) AS count FROM uploads").one()["count"]) : 0;
      }),
  };
}

/** Calls the emulated provider as the operator. */
export async function askProvider(path: string, init: RequestInit = {}): Promise<Response> {
  if (!bindings.UPSTREAM) throw new Error("the emulated provider is not bound");
  return bindings.UPSTREAM.fetch(`http://provider/v1${path}`, { ...init, headers: { authorization: "Bearer key" } });
}

async function providerFiles(): Promise<ProviderFile[]> {
  const { data } = await (await askProvider("/files")).json<{ data: ProviderFile[] }>();
  return data;
}
