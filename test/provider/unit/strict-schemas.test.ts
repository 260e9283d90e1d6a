// The check of strict schemas, at each place where a request has one.
import { describe, expect, it } from "vitest";
import { readError, sendChat } from "../support/client.ts";
import { sendResponse } from "../support/responses.ts";

const text = { type: "string" };
const open = { type: "object", properties: {} };
const strict = (properties: object, more: object = {}) => {
  return { type: "object", properties, required: Object.keys(properties), additionalProperties: false, ...more };
};
const notClosed = (context: string) => `In context=(${context}), 'additionalProperties' is required`;
const sendFormat = (schema: unknown) =>
  sendChat({ response_format: { type: "json_schema", json_schema: { name: "answer", schema, strict: true } } });

it.each([
  ["a chat format", sendFormat(open), "response_format"],
  [
    "a Responses format",
    sendResponse({ text: { format: { type: "json_schema", name: "answer", schema: open, strict: true } } }),
    "text.format.schema",
  ],
  [
    "a chat function",
    sendChat({ tools: [{ type: "function", function: { name: "look", parameters: open, strict: true } }] }),
    "tools[0].function.parameters",
  ],
  [
    "a Responses function",
    sendResponse({ tools: [{ type: "function", name: "look", parameters: open, strict: true }] }),
    "tools[0].parameters",
  ],
])("checks %s", async (_place, response, param) => {
  const error = await readError(await response);
  expect(error).toMatchObject({
    status: 400,
    code: null,
    param,
    message: expect.stringMatching(/^Invalid schema for/),
  });
});

describe("a strict schema", () => {
  it("may have references, unions and empty objects", async () => {
    const nothing = strict({}, { required: undefined });
    const node = strict({ next: { anyOf: [{ $ref: "#/$defs/node" }, { type: "null" }] }, nothing });
    const schema = strict({ city: text, days: { type: "array", items: node } }, { $defs: { node } });
    expect((await sendFormat(schema)).status).toBe(200);
  });

  it.each([
    ["a list", { type: "array", items: text }, "got 'type: \"array\"'"],
    ["no type", { anyOf: [strict({})] }, "got 'type: \"None\"'"],
    ["an optional property", strict({ city: text }, { required: [] }), "Missing 'city'."],
    [
      "an open object in a list",
      strict({ a: { type: "array", items: open } }),
      notClosed("'properties', 'a', 'items'"),
    ],
    ["one that may be null", strict({ a: { type: ["object", "null"] } }), notClosed("'properties', 'a'")],
  ])("is refused for %s", async (_fault, schema, message) => {
    expect((await readError(await sendFormat(schema))).message).toContain(message);
  });
});
