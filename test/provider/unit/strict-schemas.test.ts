// The emulated provider's strict schemas, of formats and of functions: what it refuses in them, and in which words.
import { describe, expect, it } from "vitest";
import { readError, sendChat } from "../support/client.ts";
import { sendResponse } from "../support/responses.ts";

const text = { type: "string" };
const empty = { type: "object", properties: {} };
const strict = (properties: object, more: object = {}) => {
  return { type: "object", properties, required: Object.keys(properties), additionalProperties: false, ...more };
};

const chatFormat = (schema: unknown, isStrict: boolean) => {
  const json_schema = { name: "answer", schema, strict: isStrict };
  return sendChat({ response_format: { type: "json_schema", json_schema } });
};
const responsesFormat = (schema: unknown, isStrict: boolean) =>
  sendResponse({ text: { format: { type: "json_schema", name: "answer", schema, strict: isStrict } } });
const chatTool = (parameters: unknown, isStrict: boolean) =>
  sendChat({ tools: [{ type: "function", function: { name: "look", parameters, strict: isStrict } }] });
const responsesTool = (parameters: unknown, isStrict: boolean) =>
  sendResponse({ tools: [{ type: "function", name: "look", parameters, strict: isStrict }] });

type Ask = (schema: unknown, isStrict: boolean) => Promise<Response>;
const places: [string, Ask, owner: string, param: string][] = [
  ["a format of Chat Completions", chatFormat, "response_format 'answer'", "response_format"],
  ["a format of Responses", responsesFormat, "response_format 'answer'", "text.format.schema"],
  ["a function of Chat Completions", chatTool, "function 'look'", "tools[0].function.parameters"],
  ["a function of Responses", responsesTool, "function 'look'", "tools[0].parameters"],
];

describe.each(places)("a strict schema of %s", (_place, ask, owner, param) => {
  it("is refused with what is wrong, and taken when it is not strict", async () => {
    expect(await readError(await ask(empty, true))).toEqual({
      status: 400,
      type: "invalid_request_error",
      code: null,
      param,
      message: `Invalid schema for ${owner}: In context=(), 'additionalProperties' is required to be supplied and to be false.`,
    });
    expect((await ask(empty, false)).status).toBe(200);
  });

  it("is taken when it names everything", async () => {
    const nothing = strict({}, { required: undefined });
    const node = strict({ next: { anyOf: [{ $ref: "#/$defs/node" }, { type: "null" }] }, nothing });
    const schema = strict({ city: text, days: { type: "array", items: node } }, { $defs: { node } });
    expect((await ask(schema, true)).status).toBe(200);
  });
});

const notClosed = (context: string) =>
  `In context=(${context}), 'additionalProperties' is required to be supplied and to be false.`;
const lacks = (name: string, context = "") =>
  `In context=(${context}), 'required' is required to be supplied and to be an array including every key in properties. ` +
  `Missing '${name}'.`;
const notObject = (type: string) => `schema must be a JSON Schema of 'type: "object"', got 'type: "${type}"'.`;

it.each([
  ["is a list", { type: "array", items: text }, notObject("array")],
  ["has no type", { anyOf: [strict({})] }, notObject("None")],
  ["is no schema", "object", notObject("None")],
  ["has open objects", strict({}, { additionalProperties: true }), notClosed("")],
  ["requires nothing", strict({ city: text }, { required: undefined }), lacks("city")],
  ["requires some", strict({ city: text, days: text }, { required: ["city"] }), lacks("days")],
  ["has a fault in a property", strict({ city: empty }), notClosed("'properties', 'city'")],
  ["has one in a list", strict({ a: { type: "array", items: empty } }), notClosed("'properties', 'a', 'items'")],
  ["has one in a union", strict({ a: { anyOf: [text, empty] } }), notClosed("'properties', 'a', 'anyOf', '1'")],
  ["has one in a definition", strict({}, { $defs: { node: empty } }), notClosed("'$defs', 'node'")],
  ["has one that may be null", strict({ a: { type: ["object", "null"] } }), notClosed("'properties', 'a'")],
  ["has one without a type", strict({ a: { properties: { b: text } } }), notClosed("'properties', 'a'")],
  [
    "has one deep inside",
    strict({ a: strict({ b: strict({ c: text }, { required: [] }) }) }),
    lacks("c", "'properties', 'a', 'properties', 'b'"),
  ],
])("a strict schema is refused that %s", async (_fault, schema, said) => {
  const { message } = await readError(await chatFormat(schema, true));
  expect(message).toBe(`Invalid schema for response_format 'answer': ${said}`);
});
