// Files in workerd: each purpose, the owner's routes, and the answers for everybody else.

import { beforeAll, describe, expect, it } from "vitest";
import { errorOf } from "../../../support/caller.ts";
import { createCatalog } from "../../../support/catalog.ts";
import { createUser, useCatalog } from "../../../support/workerd.ts";
import type { FileObject } from "../support/uploads.ts";
import { askProvider, createOwner } from "../support/uploads.ts";

const EXAMPLE = `${JSON.stringify({ messages: [{ role: "user", content: "Hi" }] })}\n`;

beforeAll(async () => {
  await useCatalog(createCatalog());
});

/** A user with one file. */
async function createOwnerOfFile(content = "water") {
  const user = await createOwner();
  const file = await (await user.upload(content)).json<FileObject>();
  return { ...user, file };
}

describe("a file", () => {
  it.each([
    ["user_data", "notes.txt", "water"],
    ["vision", "böat “1”.png", "pixels"],
    ["fine-tune", "train.jsonl", EXAMPLE],
  ])("for %s has its owner's name here, and a stamp before it at the provider", async (purpose, filename, content) => {
    const user = await createOwner();
    const response = await user.upload(content, { purpose }, filename);
    const bytes = new TextEncoder().encode(content).length;
    const file = await response.json<FileObject>();
    expect(response.status).toBe(200);
    expect(file).toMatchObject({ object: "file", purpose, filename, bytes, status: "processed" });
    const [stored] = await user.atProvider();
    expect(stored).toMatchObject({ id: file.id, purpose, bytes });
    expect(stored?.filename.slice(38)).toBe(filename);
    expect(await user.settled()).toMatchObject({ requests: 1, tokens: 0, reserved: 0 });
  });

  it("expires when its owner says so", async () => {
    const user = await createOwner();
    const fields = { purpose: "user_data", "expires_after[anchor]": "created_at", "expires_after[seconds]": "3600" };
    const file = await (await user.upload("water", fields)).json<FileObject & { created_at: number }>();
    expect(file.expires_at).toBe(file.created_at + 3600);
  });

  it("is read by its id, without a request to the provider", async () => {
    const user = await createOwnerOfFile();
    const response = await user.get(`/v1/files/${user.file.id}`);
    expect(await response.json()).toEqual(user.file);
    expect(await user.settled()).toMatchObject({ requests: 1 });
  });

  it("is streamed under its owner's name", async () => {
    const user = await createOwner();
    const { id } = await (await user.upload(EXAMPLE, { purpose: "fine-tune" }, "trän.jsonl")).json<FileObject>();
    const response = await user.get(`/v1/files/${id}/content`);
    expect([response.status, await response.text()]).toEqual([200, EXAMPLE]);
    const { headers } = response;
    expect(headers.get("content-disposition")).toBe(
      `attachment; filename="tr_n.jsonl"; filename*=UTF-8''tr%C3%A4n.jsonl`,
    );
    expect([headers.get("cache-control"), headers.get("x-content-type-options")]).toEqual(["no-store", "nosniff"]);
    expect(await user.settled()).toMatchObject({ requests: 3 });
  });

  it("is deleted here and at the provider", async () => {
    const user = await createOwnerOfFile();
    const response = await user.get(`/v1/files/${user.file.id}`, { method: "DELETE" });
    expect(await response.json()).toEqual({ id: user.file.id, object: "file", deleted: true });
    expect(await user.atProvider()).toEqual([]);
    expect((await user.get(`/v1/files/${user.file.id}`)).status).toBe(404);
  });

  it("is deleted here when the provider has lost it, and its content is a 404", async () => {
    const user = await createOwnerOfFile();
    await askProvider(`/files/${user.file.id}`, { method: "DELETE" });
    expect((await user.get(`/v1/files/${user.file.id}/content`)).status).toBe(404);
    expect((await user.get(`/v1/files/${user.file.id}`, { method: "DELETE" })).status).toBe(200);
    expect((await user.get(`/v1/files/${user.file.id}`)).status).toBe(404);
  });

  it("is not deleted while a job needs it", async () => {
    const user = await createOwnerOfFile();
    const { id } = user.file;
    const job = { kind: "batch", provider: "openai", owner: user.owner, snapshot: "s", createdAt: 0, terms: {} };
    await user.jobs().openJob({ ...job, key: "k", inputs: [id] }, Date.now() + 3_600_000, 4);
    const response = await user.get(`/v1/files/${id}`, { method: "DELETE" });
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(await user.atProvider()).toHaveLength(1);
  });
});

describe("a list of files", () => {
  it("has pages of the caller's own files", async () => {
    const user = await createOwner();
    const ids: string[] = [];
    for (const purpose of ["user_data", "vision", "user_data"]) {
      ids.push((await (await user.upload("water", { purpose })).json<FileObject>()).id);
    }
    await createOwnerOfFile();
    const list = async (query: string) => {
      const page = await (await user.get(`/v1/files?${query}`)).json<{ data: FileObject[]; has_more: boolean }>();
      return [...page.data.map(({ id }) => ids.indexOf(id)), page.has_more];
    };
    const all = (await list("")).slice(0, -1);
    expect(new Set(all)).toEqual(new Set([0, 1, 2]));
    expect(await list("order=asc")).toEqual([...all.toReversed(), false]);
    expect(await list("purpose=vision")).toEqual([1, false]);
    const second = ids[all[1] as number] as string;
    expect(await list("limit=2")).toEqual([all[0], all[1], true]);
    expect(await list(`limit=2&after=${second}`)).toEqual([all[2], false]);
    expect(await list(`order=asc&after=${second}`)).toEqual([all[0], false]);
  });

  it.each(["limit=0", "limit=10001", "limit=x", "order=up", "cursor=1"])("refuses %s", async (query) => {
    const user = await createUser();
    expect((await user.get(`/v1/files?${query}`)).status).toBe(400);
  });
});

it("nobody learns from an answer if another user has a file", async () => {
  const { file } = await createOwnerOfFile();
  const stranger = await createOwnerOfFile();
  const answersFor = async (id: string) => {
    const requests = [
      stranger.get(`/v1/files/${id}`),
      stranger.get(`/v1/files/${id}/content`),
      stranger.get(`/v1/files/${id}`, { method: "DELETE" }),
      stranger.get(`/v1/files?after=${id}`),
    ];
    const answers = await Promise.all(requests);
    return Promise.all(
      answers.map(async (answer) => [
        answer.status,
        (await errorOf(answer)).message.replace(decodeURIComponent(id), "ID"),
        answer.statusText,
      ]),
    );
  };
  const foreign = await answersFor(file.id);
  expect(foreign.map(([status]) => status)).toEqual([404, 404, 404, 404]);
  for (const id of ["file-missing", "nothing", "file-..%2Fmodels"]) expect(await answersFor(id)).toEqual(foreign);
  expect(await stranger.settled()).toMatchObject({ requests: 1 });
});

it("a file whose name at the provider is another user's is a 404, whatever the user's object says", async () => {
  const { file } = await createOwnerOfFile();
  const thief = await createOwner();
  const upload = { id: "none", owner: thief.owner, provider: "openai", bytes: file.bytes, beganAt: 1 };
  await thief.jobs().beginUpload(upload, { max_bytes: 1000, max_files: 10, max_jobs: 4 });
  await thief.jobs().endUpload("none", { ...file, provider: "openai", createdAt: 1, expiresAt: undefined });
  expect((await thief.get(`/v1/files/${file.id}/content`)).status).toBe(404);
  expect((await thief.get(`/v1/files/${file.id}`, { method: "DELETE" })).status).toBe(200);
  expect((await askProvider(`/files/${file.id}`)).status).toBe(200);
});

it.each(["/v1/uploads", "/v1/uploads/upload_1/parts"])("%s names the route to use instead", async (path) => {
  const user = await createUser();
  const response = await user.post(path, {});
  expect([response.status, (await errorOf(response)).message]).toEqual([
    404,
    "Uploads in parts are not offered. Send the whole file, of at most 104857600 bytes, to POST /v1/files.",
  ]);
});
