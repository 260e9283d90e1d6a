// A request's body: bounded in depth before it is parsed, then held against a schema, with a 400 that names the field.

import * as fc from "fast-check";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { readBody } from "../../../src/core/json-body.ts";
import { postRequest } from "../../support/json-requests.ts";
import { refusalOf } from "../../support/refusals.ts";

const read = (body: unknown) => readBody(postRequest(body), v.unknown());
const Body = v.strictObject({
  input: v.string(),
  stream: v.optional(v.boolean(), true),
  tools: v.optional(v.array(v.strictObject({ name: v.string() }))),
});
const refuse = (body: unknown) => refusalOf(() => readBody(postRequest(body), Body));
const nested = (depth: number, open: string, inner: string, close: string) =>
  open.repeat(depth) + inner + close.repeat(depth);
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

  it("is measured before anything is parsed", async () => {
    expect(await refusalOf(() => read("[".repeat(2_000_000)))).toMatchObject(tooDeep);
    expect(await refusalOf(() => read(`not json ${"[".repeat(33)}`))).toMatchObject(tooDeep);
  });

  it("is that of the JSON, wherever quotes, backslashes and brackets stand in its strings", async () => {
    const text = fc.string({ unit: fc.constantFrom('"', "\\", "[", "{", "]", "}", "a", "\n"), maxLength: 12 });
    const property = fc.asyncProperty(text, text, fc.integer({ min: 28, max: 35 }), async (key, value, depth) => {
      // Objects as deep as `depth`, with those texts at every level.
      let document: unknown = value;
      for (let level = 0; level < depth; level++) document = { [`${key}${level}`]: document, text: value };
      if (depth <= 32) expect(await read(document)).toEqual(document);
      else expect(await refusalOf(() => read(document))).toMatchObject(tooDeep);
    });
    await fc.assert(property, { numRuns: 500 });
  });

  it("is read in linear time, whatever the strings are made of", async () => {
    const hostile = JSON.stringify({
      text: "\\".repeat(400_000),
      more: '"'.repeat(400_000),
      end: '\\"'.repeat(200_000),
    });
    expect(JSON.stringify(await read(hostile))).toBe(hostile);
  });
});

describe("a body", () => {
  it.each(["", "{", "hello", '{"input":}', '{"input":"a"', '"', "[1,]", "{'input':1}", "\u0000"])(
    "that is not JSON is told so, and nothing about why: %j",
    async (body) => {
      expect(await refusalOf(() => read(body))).toMatchObject(notJson);
    },
  );

  it("is read as the UTF-8 that it is, with its escapes", async () => {
    expect(await read('{ "input" : "堰🦫" }')).toEqual({ input: "堰🦫" });
    expect(await read('"\\u5830\\ud83e\\uddab"')).toBe("堰🦫");
  });

  it("that is not UTF-8 is no JSON either", async () => {
    const bytes = new Uint8Array([0x22, 0xff, 0x22]);
    expect(await refusalOf(() => read(bytes))).toMatchObject(notJson);
  });

  it("gets the defaults of its schema", async () => {
    const body = await readBody(postRequest({ input: "Hi" }), Body);
    expect(body).toEqual({ input: "Hi", stream: true });
  });
});

describe("a field", () => {
  it("that is unknown is an unsupported parameter, by its name", async () => {
    expect(await refuse({ input: "Hi", colour: "blue" })).toMatchObject({
      status: 400,
      body: {
        code: "unsupported_parameter",
        param: "colour",
        message: "'colour' is not supported here. Leave it out.",
      },
    });
  });

  it("that is unknown inside another is named with its path", async () => {
    const error = await refuse({ input: "Hi", tools: [{ name: "a" }, { name: "b", strict: true }] });
    expect(error.body).toMatchObject({ code: "unsupported_parameter", param: "tools.1.strict" });
  });

  it.each([
    [{ stream: true }, "input", "'input' is required."],
    [{ input: 7 }, "input", "'input' is not valid: "],
    [{ input: "Hi", tools: [{ name: "a" }, {}] }, "tools.1.name", "'tools.1.name' is required."],
  ])("that is wrong is named with its path: %j", async (body, param, message) => {
    const error = await refuse(body);
    expect(error).toMatchObject({ status: 400, body: { code: "invalid_request", param } });
    expect(error.body.message).toContain(message);
  });

  it.each([null, 7, "Hi", [], true])("is missed in a body that is no object: %j", async (body) => {
    expect(await refuse(JSON.stringify(body))).toMatchObject({ status: 400, body: { code: "invalid_request" } });
  });
});
