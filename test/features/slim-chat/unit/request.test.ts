// The schema of a slim request: each wrong field is named with its path.

import { describe, expect, it } from "vitest";
import { readBody } from "../../../../src/core/json-body.ts";
import { SlimRequest } from "../../../../src/features/slim-chat/request.ts";
import { postRequest } from "../../../support/json-requests.ts";
import { refusalOf } from "../../../support/refusals.ts";

const HI = { role: "user", content: "Hi" };
const CALL = { role: "assistant", tools: [{ id: "1", name: "look", arguments: "{}" }] };
const RESULT = { role: "tool", id: "1", content: "7" };
const read = (body: unknown) => readBody(postRequest(body), SlimRequest);

it("has defaults for the model and the stream", async () => {
  expect(await read({ input: "Hi" })).toEqual({ input: "Hi", model: "default", stream: true });
});

describe("a slim request is refused", () => {
  it.each<[Record<string, unknown>, string]>([
    [{ input: "" }, "input"],
    [{ input: [] }, "input"],
    [{ model: "o4-mini" }, "input"],
    [{ input: "Hi", model: "m".repeat(101) }, "model"],
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
    [{ input: [{ role: "user", content: [{ type: "image", url: "http://a.test/a.png" }] }] }, "input.0.content.0.url"],
    [{ input: [{ role: "tool", content: "7" }] }, "input.0.id"],
  ])("naming the field: %j", async (body, param) => {
    expect(await refusalOf(() => read(body))).toMatchObject({ status: 400, body: { param } });
  });

  it.each([
    ["a result without a call", [HI, RESULT]],
    ["a call without a result", [HI, CALL]],
    ["a message between a call and its result", [CALL, HI, RESULT]],
    ["a second result of one call", [CALL, RESULT, RESULT]],
  ])("with %s", async (_what, input) => {
    expect(await refusalOf(() => read({ input }))).toMatchObject({ status: 400, body: { param: "input" } });
  });
});

it("accepts a call that is followed by its result", async () => {
  expect(await read({ input: [HI, CALL, RESULT, HI] })).toMatchObject({ input: [HI, CALL, RESULT, HI] });
});
