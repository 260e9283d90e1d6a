// The schema of slim requests. A refusal names the path of the field.

import { describe, expect, it } from "vitest";
import { readBody } from "../../../../src/core/http/json-body.ts";
import { SlimRequest } from "../../../../src/features/slim-chat/request.ts";
import { postRequest } from "../../../support/json-requests.ts";
import { refusalOf } from "../../../support/refusals.ts";

const HI = { role: "user", content: "Hi" };
const CALL = { role: "assistant", tools: [{ id: "1", name: "look", arguments: "{}" }] };
const RESULT = { role: "tool", id: "1", content: "7" };
const image = (url: unknown) => ({ input: [{ role: "user", content: [{ type: "image", url }] }] });
const read = (body: unknown) => readBody(postRequest(body), SlimRequest);

it("a slim request has the default model and streams, unless it says otherwise", async () => {
  expect(await read({ input: "Hi" })).toEqual({ input: "Hi", model: "default", stream: true });
});

it("null is absence, for every optional field", async () => {
  const optional = Object.keys(SlimRequest.entries).filter((name) => name !== "input");
  expect(await read({ ...Object.fromEntries(optional.map((name) => [name, null])), input: "Hi" })).toEqual({
    input: "Hi",
    model: "default",
    stream: true,
  });
  const input = [HI, { role: "assistant", content: null, tools: null }, HI];
  const tools = [{ name: "look", description: null, parameters: null }];
  expect(await read({ input, tools })).toEqual({
    ...(await read({ input: "Hi" })),
    input: [HI, { role: "assistant" }, HI],
    tools: [{ name: "look" }],
  });
});

it("null is absence for a field that only other messages or parts have", async () => {
  const NONE = { tools: null, id: null };
  const parts = [
    { type: "text", text: "Hi", url: null },
    { type: "image", url: "https://a.test/a.png", text: null },
  ];
  const given = [
    { ...HI, ...NONE },
    { ...CALL, content: null, id: null },
    { ...RESULT, tools: null },
  ];
  const { input } = await read({ input: [...given, { role: "user", content: parts, ...NONE }] });
  const content = [
    { type: "text", text: "Hi" },
    { type: "image", url: "https://a.test/a.png" },
  ];
  expect(input).toEqual([HI, CALL, RESULT, { role: "user", content }]);
});

describe("a slim request is refused", () => {
  it.each<[Record<string, unknown>, string]>([
    [{ input: "" }, "input"],
    [{ input: [] }, "input"],
    [{ model: "o4-mini" }, "input"],
    [{ input: "Hi", model: "m".repeat(201) }, "model"],
    [{ input: "Hi", max_output_tokens: 0 }, "max_output_tokens"],
    [{ input: "Hi", max_output_tokens: 1.5 }, "max_output_tokens"],
    [{ input: "Hi", stream: "yes" }, "stream"],
    [{ input: "Hi", format: "json" }, "format"],
    [{ input: "Hi", reasoning: "full" }, "reasoning"],
    [{ input: "Hi", tools: [{}] }, "tools.0.name"],
    [{ input: [{ role: "boss", content: "Hi" }] }, "input.0.role"],
    [{ input: [{ role: { toString: 1 }, content: "Hi" }] }, "input.0.role"],
    [{ input: [{ role: "user", content: [{ type: { toString: 1 } }] }] }, "input.0.content.0.type"],
    [{ input: [HI, { ...HI, name: "Ann" }] }, "input.1.name"],
    ...["http://a.test/a.png", "data:text/html,<b>", "file:///a.png", " https://a.test/", ""].map(
      (url): [Record<string, unknown>, string] => [image(url), "input.0.content.0.url"],
    ),
    [{ input: [{ role: "tool", content: "7" }] }, "input.0.id"],
    [{ input: [{ role: "user", content: null }] }, "input.0.content"],
    [{ input: [null] }, "input.0"],
  ])("with the path of the field: %j", async (body, param) => {
    expect(await refusalOf(() => read(body))).toMatchObject({ status: 400, body: { param } });
  });

  it.each([
    ["a result without a call", [HI, RESULT]],
    ["a result of another call", [HI, CALL, { ...RESULT, id: "2" }]],
    ["a call without a result", [HI, CALL]],
    ["a message between a call and its result", [CALL, HI, RESULT]],
    ["a second result of one call", [CALL, RESULT, RESULT]],
  ])("with %s", async (_what, input) => {
    expect(await refusalOf(() => read({ input }))).toMatchObject({ status: 400, body: { param: "input" } });
  });
});

it.each([
  [{ input: [HI, CALL, RESULT, CALL, RESULT, HI] }],
  [{ input: [HI, { role: "assistant", content: "Ho", tools: [] }, HI] }],
  [image("https://a.test/a.png")],
  [image("data:image/jpeg;base64,AAAA")],
])("a valid slim request is accepted: %j", async (body) => {
  expect(await read(body)).toMatchObject(body);
});
