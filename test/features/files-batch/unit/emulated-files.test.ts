// Files of the emulated provider: upload, list, content, and their use as the input of a model.

import type { FileObject } from "openai/resources";
import { describe, expect, it } from "vitest";
import { CREATED, readError, readJson, send } from "../../../provider/support/client.ts";
import { upload, uploaded } from "../support/emulated-batch.ts";

const DAY = 86_400;
const BOUNDARY = "weir-boundary";

/** The pieces of a form with a file, cut at that byte. */
const formPieces = (content: string, end?: number) => {
  const parts = [
    `--${BOUNDARY}\r\ncontent-disposition: form-data; name="purpose"\r\n\r\nbatch`,
    `--${BOUNDARY}\r\ncontent-disposition: form-data; name="file"; filename="a \\"b\\".jsonl"\r\n\r\n${content}`,
    `--${BOUNDARY}--\r\n`,
  ];
  return new TextEncoder().encode(parts.join("\r\n")).slice(0, end);
};

/** Sends a form in pieces of that many bytes, without a content length. */
const sendInPieces = async (bytes: Uint8Array, size: number) => {
  let at = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, at + size));
      at += size;
    },
  });
  const headers = { authorization: "Bearer key", "content-type": `multipart/form-data; boundary=${BOUNDARY}` };
  return send("POST", "/v1/files", undefined, { body, headers, duplex: "half" } as RequestInit);
};

const inputOf = (content: object[]) => [{ role: "user", content: [{ type: "input_text", text: "Hi" }, ...content] }];

/** The ids of a page of files. */
const listIds = async (query: string) => {
  const { data } = await readJson<{ data: FileObject[] }>(await send("GET", `/v1/files?${query}`));
  return data.map(({ id }) => id);
};

/** The input tokens of an answer, which the counter must state too. */
const countInput = async (content: object[]) => {
  const body = { model: "gpt-5-mini", input: inputOf(content) };
  const { input_tokens: counted } = await readJson<{ input_tokens: number }>(
    await send("POST", "/v1/responses/input_tokens", body),
  );
  const { usage } = await readJson<{ usage: { input_tokens: number } }>(await send("POST", "/v1/responses", body));
  expect(usage.input_tokens).toBe(counted);
  return counted;
};

const countFiles = async () => (await readJson<{ data: unknown[] }>(await send("GET", "/v1/files"))).data.length;

const contentOf = async (id: string) => (await send("GET", `/v1/files/${id}/content`)).text();

describe("a file", () => {
  it("is described, listed, read and deleted", async () => {
    const file = await readJson<FileObject>(await upload("{}\n"));
    expect(file).toEqual({
      id: expect.stringMatching(/^file-/),
      object: "file",
      bytes: 3,
      created_at: CREATED,
      expires_at: CREATED + 30 * DAY,
      filename: "in.jsonl",
      purpose: "batch",
      status: "processed",
      status_details: null,
    });
    const newest = await uploaded("x", { purpose: "evals" });
    expect(await listIds("limit=2")).toEqual([newest, file.id]);
    expect(await listIds("limit=1&purpose=batch")).toEqual([file.id]);
    expect(await listIds(`order=asc&after=${file.id}`)).toEqual([newest]);
    expect(await contentOf(file.id)).toBe("{}\n");
    const deleted = await send("DELETE", `/v1/files/${file.id}`);
    expect(await readJson(deleted)).toEqual({ id: file.id, object: "file", deleted: true });
    for (const path of ["", "/content"]) {
      const error = await readError(await send("GET", `/v1/files/${file.id}${path}`));
      expect(error).toMatchObject({ status: 404, message: `No such File object: ${file.id}` });
    }
  });

  it("has the lifetime that the upload asks for", async () => {
    const fields = { "expires_after[anchor]": "created_at", "expires_after[seconds]": "3600" };
    expect(await readJson(await upload("x", fields))).toMatchObject({ expires_at: CREATED + 3600 });
    const tooShort = await upload("x", { ...fields, "expires_after[seconds]": "60" });
    expect(await readError(tooShort)).toMatchObject({ status: 400, param: "expires_after.seconds" });
  });

  it.each([
    ["no purpose", "a.jsonl", { purpose: "" }, "'' is not one of"],
    ["an unknown purpose", "a.jsonl", { purpose: "batch_output" }, "'batch_output' is not one of"],
    ["another format", "a.txt", { purpose: "fine-tune" }, "Invalid file format for Fine-Tuning API. Must be .jsonl"],
  ])("is refused with %s", async (_, name, fields, message) => {
    const error = await readError(await upload("x", fields, name));
    expect(error).toMatchObject({ status: 400, message: expect.stringContaining(message) });
  });
});

describe("an upload as a stream", () => {
  const content = "a\r\n--weir\r\n\r\n--weir-boundar\n".repeat(3);

  it.each([1, 2, 7, 64, 10_000])("keeps its bytes in pieces of %i", async (size) => {
    const file = await readJson<FileObject>(await sendInPieces(formPieces(content), size));
    expect(file).toMatchObject({ filename: 'a "b".jsonl', bytes: content.length });
    expect(await contentOf(file.id)).toBe(content);
  });

  it("stores nothing when its last delimiter is missing", async () => {
    const before = await countFiles();
    const whole = formPieces(content).length;
    for (const end of [whole - 4, whole - 20, whole - 60, 100, 10, 0]) {
      expect(await readError(await sendInPieces(formPieces(content, end), 50))).toMatchObject({ status: 400 });
    }
    expect(await countFiles()).toBe(before);
  });

  it("of 20 MB has its content in blocks", async () => {
    const line = `${"x".repeat(999)}\n`;
    const id = await uploaded(line.repeat(20_000));
    const text = await contentOf(id);
    expect([text.length, text.endsWith(line)]).toEqual([20_000_000, true]);
    await send("DELETE", `/v1/files/${id}`);
  });
});

describe("a file as input", () => {
  it("costs a quarter of its bytes and 100 tokens, and the count has them too", async () => {
    const id = await uploaded("x".repeat(4000), { purpose: "user_data" });
    expect((await countInput([{ type: "input_file", file_id: id }])) - (await countInput([]))).toBe(1100);
  });

  it("costs as much as any other image when it is one", async () => {
    const id = await uploaded("x".repeat(40_000), { purpose: "vision" });
    const [byId, byUrl] = [{ file_id: id }, { image_url: "https://example.com/image.png" }].map((named) =>
      countInput([{ type: "input_image", ...named }]),
    );
    expect(await byId).toBe(await byUrl);
  });

  it("must exist", async () => {
    const input = inputOf([{ type: "input_file", file_id: "file-x" }]);
    const error = await readError(await send("POST", "/v1/responses", { model: "gpt-5-mini", input }));
    expect(error).toMatchObject({ status: 404, param: "input", message: "Files [file-x] were not found." });
  });
});
