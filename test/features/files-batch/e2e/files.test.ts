// The `openai` package as it is, over /v1/files, and large files over sockets.

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { request as httpRequest } from "node:http";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createClient, rejection } from "../../../support/openai-client.ts";
import { repeatUntil } from "../../../support/repeat.ts";
import { useWeir } from "../../../support/weir.ts";

const weir = await useWeir();
afterEach(weir.report);
beforeEach(weir.emulation.zero);

it("the openai client uploads, lists, reads and deletes files", async () => {
  const { client, user } = await createClient(weir);
  const example = `${JSON.stringify({ messages: [{ role: "user", content: "Hi" }] })}\n`;
  const train = await client.files.create({ file: new File([example], "trän.jsonl"), purpose: "fine-tune" });
  const path = fileURLToPath(import.meta.url);
  const expires_after = { anchor: "created_at", seconds: 3600 } as const;
  const code = await client.files.create({ file: createReadStream(path), purpose: "user_data", expires_after });
  expect(code).toMatchObject({ filename: "files.test.ts", expires_at: code.created_at + 3600 });
  const ids: string[] = [];
  for await (const { id } of client.files.list({ limit: 1 })) ids.push(id);
  expect(new Set(ids)).toEqual(new Set([train.id, code.id]));
  expect(await client.files.retrieve(train.id)).toEqual(train);
  expect(await (await client.files.content(train.id)).text()).toBe(example);
  expect(await client.files.delete(train.id)).toEqual({ id: train.id, object: "file", deleted: true });
  expect(await rejection(client.files.retrieve(train.id))).toMatchObject({ status: 404, code: "not_found" });
  expect(await user.settled()).toMatchObject({ tokens: 0, requests: 6, reserved: 0 });
});

it("a large file arrives unchanged, and its faults are told after all of it", async () => {
  const { client } = await createClient(weir);
  const line = `${JSON.stringify({ messages: [{ role: "user", content: "water ".repeat(100) }] })}\n`;
  const text = line.repeat(30_000);
  const file = await client.files.create({ file: new File([text], "train.jsonl"), purpose: "fine-tune" });
  expect(file.bytes).toBe(text.length);
  const hash = createHash("sha256");
  for await (const chunk of (await client.files.content(file.id)).body ?? []) hash.update(chunk);
  expect(hash.digest("hex")).toBe(createHash("sha256").update(text).digest("hex"));
  const faulty = new File([`{}\n${text}`], "train.jsonl");
  expect(await rejection(client.files.create({ file: faulty, purpose: "fine-tune" }))).toMatchObject({
    status: 400,
    message: expect.stringContaining("line 1: 'messages' is required."),
  });
});

it("an upload whose connection breaks gives its room back", async () => {
  const user = await weir.createUser();
  const headers = {
    authorization: `Bearer ${user.token}`,
    "content-type": "multipart/form-data; boundary=river",
    // All that the plan has room for.
    "content-length": 100 * 1024 * 1024,
  };
  const sending = httpRequest(`${weir.url}/v1/files`, { method: "POST", headers });
  sending.on("error", () => undefined);
  sending.write('--river\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\n\r\n');
  await new Promise((resolve) => sending.write(Buffer.alloc(2_000_000, "x"), resolve));
  await weir.emulation.busy();
  sending.destroy();
  await weir.emulation.idle();
  const form = new FormData();
  form.append("purpose", "user_data");
  form.append("file", new Blob(["water"]), "b.txt");
  await repeatUntil(
    () => user.post("/v1/files", form),
    ({ status }) => status === 200,
  );
  const { data } = (await (await user.get("/v1/files")).json()) as { data: unknown[] };
  expect(data).toHaveLength(1);
});
