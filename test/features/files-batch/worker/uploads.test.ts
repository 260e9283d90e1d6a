// POST /v1/files in workerd: refused and broken uploads leave nothing behind, and no upload is held in memory.

import { beforeEach, describe, expect, it } from "vitest";
import { errorOf } from "../../../support/caller.ts";
import { emulation } from "../../../support/workerd.ts";
import type { FileObject } from "../support/uploads.ts";
import {
  BOUNDARY,
  createOwner,
  END,
  field,
  filePart,
  formRequest,
  inChunks,
  useFileRules,
} from "../support/uploads.ts";

const PURPOSE = field("purpose", "user_data");

beforeEach(async () => {
  await useFileRules();
  await emulation.zero();
});

const example = (role: string) => `${JSON.stringify({ messages: [{ role, content: "Hi" }] })}\n`;
const TRAINING = `${example("user")}${example("river")}`;
const training = filePart(TRAINING, "train.jsonl");

describe("a form that is refused", () => {
  it.each<[what: string, form: string, code: string, message: string]>([
    ["without a purpose", `${filePart("x")}${END}`, "invalid_request", "'purpose' is required."],
    ["without a file", `${PURPOSE}${END}`, "invalid_request", "'file' is required."],
    ["with two files", `${filePart("x")}${filePart("y")}${PURPOSE}${END}`, "invalid_form", "'file' is sent twice"],
    ["with two purposes", `${filePart("x")}${PURPOSE}${PURPOSE}${END}`, "invalid_form", "'purpose' is sent twice"],
    ["with another field", `${filePart("x")}${field("model", "x")}${END}`, "invalid_form", "'model' is not a field"],
    [
      "with a long field",
      `${filePart("x")}${field("purpose", "x".repeat(65))}${END}`,
      "invalid_form",
      "longer than 64 bytes",
    ],
    [
      "for assistants",
      `${filePart("x")}${field("purpose", "assistants")}${END}`,
      "invalid_request",
      "'purpose' must be one of: 'batch', 'fine-tune', 'vision', 'user_data'.",
    ],
    [
      "with half an expiry",
      `${filePart("x")}${PURPOSE}${field("expires_after[anchor]", "created_at")}${END}`,
      "invalid_request",
      "'expires_after[seconds]' is required.",
    ],
    [
      "with a short expiry",
      `${filePart("x")}${field("expires_after[seconds]", "3599")}${END}`,
      "invalid_request",
      "'expires_after[seconds]' must be a whole number from 3600 to 2592000.",
    ],
    ["with a boundary inside", `${filePart(`x\n--${BOUNDARY}\n`)}${PURPOSE}${END}`, "invalid_form", "inside a part"],
    ["with long headers", `${filePart("x")}--${BOUNDARY}\r\nX: ${"x".repeat(5000)}`, "invalid_form", "long ones"],
    ["without an end", `${filePart("x")}${PURPOSE}`, "invalid_form", "has no closing boundary"],
    ["with text after its end", `${filePart("x")}${PURPOSE}${END}more`, "invalid_form", "goes on after its end"],
    [
      "with a file without a name",
      `${field("file", "x")}${PURPOSE}${END}`,
      "invalid_form",
      "must be a file with a name",
    ],
    ["with a broken name", `${filePart("x", "a\0b")}${PURPOSE}${END}`, "invalid_form", "printable UTF-8"],
    ["with a long name", `${filePart("x", "x".repeat(201))}${PURPOSE}${END}`, "invalid_form", "name of more than 200"],
    [
      "with a purpose in a file",
      `${filePart("x").replace('"file"', '"purpose"')}${END}`,
      "invalid_form",
      "must be a text",
    ],
    [
      "with a training file of another name",
      `${filePart(example("user"))}${field("purpose", "fine-tune")}${END}`,
      "invalid_request",
      "a name that ends in .jsonl",
    ],
    ["with a fault in a line", `${field("purpose", "fine-tune")}${training}${END}`, "invalid_request", "line 2: "],
    [
      "with a fault in a line before its purpose",
      `${training}${field("purpose", "fine-tune")}${END}`,
      "invalid_request",
      "line 2: 'messages.0.role' must be one of",
    ],
  ])("%s is stored nowhere", async (_what, form, code, message) => {
    const user = await createOwner();
    const response = await user.get("/v1/files", formRequest(form));
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ code, message: expect.stringContaining(message) });
    expect([await user.atProvider(), await user.uploads()]).toEqual([[], 0]);
    expect(await user.settled()).toMatchObject({ requests: 1 });
  });

  it("is another type or compressed, and costs no request", async () => {
    const user = await createOwner();
    const compressed = formRequest(`${filePart("x")}${PURPOSE}${END}`, { "content-encoding": "gzip" });
    const answers = [await user.post("/v1/files", { file: "x" }), await user.get("/v1/files", compressed)];
    expect(answers.map(({ status }) => status)).toEqual([415, 415]);
    expect(await user.settled()).toMatchObject({ requests: 0 });
  });
});

it("a file of lines is stored for a purpose that has no rules for lines", async () => {
  const user = await createOwner();
  expect((await user.upload(TRAINING, { purpose: "user_data" }, "train.jsonl")).status).toBe(200);
});

const LARGE = `${filePart("x".repeat(300_000))}${PURPOSE}${END}`;

describe("a form that arrives in chunks", () => {
  it("is stored as it was sent", async () => {
    const user = await createOwner();
    const response = await user.get("/v1/files", formRequest(inChunks(LARGE)));
    expect(await response.json<FileObject>()).toMatchObject({ bytes: 300_000, filename: "notes.txt" });
    expect(await user.atProvider()).toMatchObject([{ bytes: 300_000 }]);
  });

  it.each([10, 60_000, 200_000, 300_150])("and breaks off after %i bytes is stored nowhere", async (bytes) => {
    const user = await createOwner(undefined, {});
    const response = await user.get("/v1/files", formRequest(inChunks(LARGE, bytes)));
    expect(response.status).toBe(499);
    expect([await user.atProvider(), await user.uploads()]).toEqual([[], 0]);
  });
});

it("a form goes on with its length, and the name of its file is the only change", async () => {
  const user = await createOwner();
  await user.get("/v1/files", formRequest(`${PURPOSE}${filePart("water")}${END}`));
  const { last } = await emulation.stats();
  const sent = `${PURPOSE}${filePart("water", `${"x".repeat(38)}notes.txt`)}${END}`;
  expect(last?.headers["content-length"]).toBe(String(sent.length));
  expect(last?.headers["content-type"]).toBe(`multipart/form-data; boundary="${BOUNDARY}"`);
});
