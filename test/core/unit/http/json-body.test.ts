// Request bodies: limited depth before parsing, then a schema, with a 400 that names the field.

import * as fc from "fast-check";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { readBody } from "../../../../src/core/http/json-body.ts";
import { takeBody } from "../../../../src/core/http/request-bytes.ts";
import { postRequest } from "../../../support/json-requests.ts";
import { refusalOf } from "../../../support/refusals.ts";

const read = (body: unknown) => readBody(postRequest(body), v.unknown());
const Body = v.strictObject({
  input: v.string(),
  stream: v.optional(v.boolean(), true),
  tools: v.optional(v.array(v.strictObject({ name: v.string() }))),
});
const refuse = (body: unknown) => refusalOf(() => readBody(postRequest(body), Body));
const nested = (depth: number, open: string, inner: string, close: string) =>
  open.repeat(depth) + inner + close.repeat(depth);
const list = (count: number, entry: string) => `[${`${entry},`.repeat(count)}${entry}]`;
const post = (headers: Record<string, string>, body: BodyInit) =>
  new Request("http://weir.test/", { method: "POST", headers, body, duplex: "half" } as RequestInit);
const tooDeep = {
  status: 400,
  body: { code: "invalid_request", message: "The body is nested more than 32 levels deep." },
};
const notJson = { status: 400, body: { code: "invalid_json", message: "The body is not valid JSON." } };

describe("the depth of a body", () => {
  it.each([
    ["arrays", "[", "1", "]"],
    ["objects", '{"a":', "1", "}"],
  ])("may be 32 levels of %s, and no more", async (_what, open, inner, close) => {
    expect(await read(nested(32, open, inner, close))).toBeDefined();
    expect(await refusalOf(() => read(nested(33, open, inner, close)))).toMatchObject(tooDeep);
  });

  it("is checked before parsing", async () => {
    expect(await refusalOf(() => read("[".repeat(2_000_000)))).toMatchObject(tooDeep);
    expect(await refusalOf(() => read(`not json ${"[".repeat(33)}`))).toMatchObject(tooDeep);
  });

  it("does not count brackets, quotes and backslashes in strings", async () => {
    const text = fc.string({ unit: fc.constantFrom('"', "\\", "[", "{", "]", "}", "a", "\n"), maxLength: 12 });
    const property = fc.asyncProperty(text, text, fc.integer({ min: 28, max: 35 }), async (key, value, depth) => {
      let document: unknown = value;
      for (let level = 0; level < depth; level++) document = { [`${key}${level}`]: document, text: value };
      if (depth <= 32) expect(await read(document)).toEqual(document);
      else expect(await refusalOf(() => read(document))).toMatchObject(tooDeep);
    });
    await fc.assert(property, { numRuns: 500 });
  });

  it("is checked in linear time", async () => {
    const hostile = JSON.stringify({
      text: "\\".repeat(400_000),
      more: '"'.repeat(400_000),
      end: '\\"'.repeat(200_000),
    });
    expect(JSON.stringify(await read(hostile))).toBe(hostile);
  });
});

describe("the size of a body when it is parsed", () => {
  it("may be a list of 300,000 numbers", async () => {
    expect(await read(list(300_000, "0"))).toHaveLength(300_001);
  });

  it.each([
    ["numbers", list(400_001, "0"), "has more than 400000 entries in its lists and objects"],
    ["lists", list(50_000, "[]"), "has more than 50000 fields, objects and lists"],
    ["objects", list(50_000, "{}"), "has more than 50000 fields, objects and lists"],
    ["fields", `{${list(50_000, '"a":0').slice(1, -1)}}`, "has more than 50000 fields, objects and lists"],
  ])("is bounded before parsing: %s", async (_what, body, message) => {
    expect(await refusalOf(() => read(body))).toMatchObject({
      status: 400,
      body: { code: "invalid_request", message: `The body ${message}.` },
    });
  });

  it("does not count the marks inside strings", async () => {
    expect(await read({ text: "[{:,".repeat(500_000) })).toBeDefined();
  });
});

describe("the bytes of a body", () => {
  it.each(["gzip", "br", "deflate, gzip"])("are not decompressed: %s", async (encoding) => {
    const error = await refusalOf(() => readBody({ raw: post({ "content-encoding": encoding }, "{}") }, v.unknown()));
    expect(error).toMatchObject({ status: 415, body: { code: "unsupported_encoding" } });
    expect(error.body.message).toContain("content-encoding");
  });

  it("may say that they are not compressed", async () => {
    expect(await readBody({ raw: post({ "content-encoding": "Identity" }, "{}") }, v.unknown())).toEqual({});
  });

  it.each([
    ["with a length", "x".repeat(4 * 1024 * 1024 + 1)],
    ["without a length", new Blob(["x".repeat(4 * 1024 * 1024 + 1)]).stream()],
  ])("are at most 4 MB: %s", async (_what, body) => {
    const error = await refusalOf(() => readBody({ raw: post({}, body) }, v.unknown()));
    expect(error).toMatchObject({ status: 413, body: { code: "body_too_large" } });
  });

  it("must arrive in time", async () => {
    let cancelled = false;
    const body = new ReadableStream({
      type: "bytes",
      start: (controller) => controller.enqueue(new TextEncoder().encode("{")),
      cancel: () => void (cancelled = true),
    });
    const error = await refusalOf(() => takeBody(post({}, body), 50));
    expect(error).toMatchObject({ status: 408, body: { code: "body_timeout" } });
    expect(cancelled).toBe(true);
  });
});

describe("a body", () => {
  it.each(["", "{", "hello", '{"input":}', '"', "[1,]", new Uint8Array([0x22, 0xff, 0x22])])(
    "that is not JSON is refused without details: %j",
    async (body) => {
      expect(await refusalOf(() => read(body))).toMatchObject(notJson);
    },
  );

  it("that is a list is refused, although its schema is an object", async () => {
    expect(await refuse([{ input: "Hi" }])).toMatchObject({ body: { message: "The body must be an object." } });
  });

  it("is read as UTF-8, with its escapes", async () => {
    expect(await read('{ "input" : "堰\\u5830" }')).toEqual({ input: "堰堰" });
  });

  it("gets the defaults of its schema", async () => {
    const body = await readBody(postRequest({ input: "Hi" }), Body);
    expect(body).toEqual({ input: "Hi", stream: true });
  });
});

describe("a field", () => {
  it.each([
    [{ input: "Hi", colour: "blue" }, "colour"],
    [{ input: "Hi", tools: [{ name: "a" }, { name: "b", strict: true }] }, "tools.1.strict"],
  ])("that is unknown is named with its path: %j", async (body, param) => {
    const message = `'${param}' is not supported here. Leave it out.`;
    expect(await refuse(body)).toMatchObject({ status: 400, body: { code: "unsupported_parameter", param, message } });
  });

  it.each([
    [{ stream: true }, "input", "'input' is required."],
    [{ input: 7 }, "input", "'input' must be a text."],
    [{ input: null }, "input", "'input' must be a text."],
    [{ input: "Hi", tools: {} }, "tools", "'tools' must be a list."],
    [{ input: "Hi", tools: [{ name: "a" }, {}] }, "tools.1.name", "'tools.1.name' is required."],
  ])("that is not valid is named with its path: %j", async (body, param, message) => {
    const error = await refuse(body);
    expect(error).toMatchObject({ status: 400, body: { code: "invalid_request", param } });
    expect(error.body.message).toContain(message);
  });

  it.each([null, "Hi", []])("is required in a body that is not an object: %j", async (body) => {
    expect(await refuse(JSON.stringify(body))).toMatchObject({ status: 400, body: { code: "invalid_request" } });
  });
});
