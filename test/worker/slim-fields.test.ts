// What is wrong with a request to /chat is told in its own words, whatever dialect its model is asked in.

import { beforeEach, describe, expect, it } from "vitest";
import { errorOf } from "../support/caller.ts";
import { createCatalog } from "../support/catalog.ts";
import { sse, textChunk } from "../support/chat-chunks.ts";
import { streamOf } from "../support/fallbacks.ts";
import { createUserOf } from "../support/providers.ts";
import type { Surface } from "../support/surface.ts";
import { OPENAI, RESPONSES, SLIM, SLIM_RESPONSES } from "../support/surface.ts";
import { createUser, emulation, useCatalog } from "../support/workerd.ts";

const HI = { role: "user", content: "Hi" };
const calling = (...ids: string[]) => ({
  role: "assistant",
  tools: ids.map((id) => ({ id, name: "look", arguments: "{}" })),
});
const returned = (id: string) => ({ role: "tool", id, content: "A weir." });

beforeEach(async () => {
  await useCatalog(createCatalog());
  await emulation.zero();
});

describe.each([
  ["Chat Completions", SLIM],
  ["Responses", SLIM_RESPONSES],
])("the turns of /chat over %s", (_dialect, surface) => {
  const send = async (input: object[]) =>
    (await createUser()).post(surface.path, { ...surface.body({}, false), input });

  it.each([
    ["a result without its call", [HI, returned("call_1")]],
    ["a result of another call", [HI, calling("call_1"), returned("call_2")]],
    ["a call without its result", [HI, calling("call_1")]],
    ["one of two calls without its result", [HI, calling("call_1", "call_2"), returned("call_2")]],
    ["a result twice", [HI, calling("call_1"), returned("call_1"), returned("call_1")]],
    ["a result that does not come next", [HI, calling("call_1"), HI, returned("call_1")]],
    ["a result before its call", [HI, returned("call_1"), calling("call_1")]],
  ])("may not have %s, and nobody is asked", async (_what, input) => {
    const response = await send(input);
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ code: "invalid_request", param: "input" });
    expect((await emulation.stats()).requests).toBe(0);
  });

  it.each([
    [
      "calls with their results, in any order",
      [HI, calling("call_1", "call_2"), returned("call_2"), returned("call_1")],
    ],
    ["the same id in a later call", [HI, calling("call_1"), returned("call_1"), calling("call_1"), returned("call_1")]],
    ["a list of no calls", [HI, { role: "assistant", content: "Ho", tools: [] }, HI]],
  ])("may have %s", async (_what, input) => {
    const response = await send(input);
    expect(response.status, await response.text()).toBe(200);
  });
});

const OVER_CHAT = [
  ["messages[0].content", "input"],
  ["messages", "input"],
  ["tools[0].function.name", "tools"],
  ["response_format.json_schema", "format"],
  ["max_completion_tokens", "max_output_tokens"],
  ["reasoning_effort", "effort"],
  ["model", "model"],
  ["stream_options.include_usage", null],
  ["seed", null],
] as const;
const OVER_RESPONSES = [
  ["input[0]", "input"],
  ["input[0].content[1].image_url", "input"],
  ["tools[0].parameters", "tools"],
  ["text.format.schema", "format"],
  ["max_output_tokens", "max_output_tokens"],
  ["reasoning.effort", "effort"],
  ["store", null],
  ["include[0]", null],
] as const;

/** The field that a caller is told of where the provider finds that one at fault. */
async function blamed(surface: Surface, stream: boolean, param: string) {
  const error = { message: "No.", type: "invalid_request_error", param, code: "invalid_value" };
  const user = await createUserOf(async () => Response.json({ error }, { status: 400 }));
  const response = await user.post(surface.path, surface.body({}, stream));
  const told = await errorOf(response);
  expect([response.status, told]).toMatchObject([400, { message: "No.", code: "invalid_value" }]);
  return told.param;
}

describe.each([
  ["streamed", true],
  ["whole", false],
])("the field that a provider refuses, %s,", (_kind, stream) => {
  it.each(OVER_CHAT)("has its name of /chat where Chat Completions calls it %s: %s", async (param, field) => {
    expect(await blamed(SLIM, stream, param)).toBe(field);
  });

  it.each(OVER_RESPONSES)("has its name of /chat where Responses calls it %s: %s", async (param, field) => {
    expect(await blamed(SLIM_RESPONSES, stream, param)).toBe(field);
  });

  it.each([
    ["/v1/chat/completions", OPENAI, "messages[0].content"],
    ["/v1/chat/completions", OPENAI, "max_completion_tokens"],
    ["/v1/responses", RESPONSES, "input[0]"],
    ["/v1/responses", RESPONSES, "text.format.schema"],
  ] as const)("keeps the provider's name on %s", async (_path, surface, param) => {
    expect(await blamed(surface, stream, param)).toBe(param);
  });
});

const INVALID = { message: "No.", type: "invalid_request_error", code: "invalid_image" };

it.each([
  ["Chat Completions", sse({ error: { ...INVALID, param: "messages[0].content" } }), "o4-mini", "input"],
  [
    "Responses",
    sse({ type: "error", sequence_number: 2, error: { ...INVALID, param: "text.format" } }),
    "respondent",
    "format",
  ],
])(
  "the field that %s refuses in the middle of a stream has its name of /chat",
  async (_dialect, error, model, field) => {
    const begun = model === "o4-mini" ? textChunk("Hi") : sse({ type: "response.output_text.delta", delta: "Hi" });
    const user = await createUserOf(async () => streamOf(begun, error)());
    const text = await (await user.post(SLIM.path, { input: "Hi", model })).text();
    expect(SLIM.failure(text)).toMatchObject({ code: "invalid_image", param: field });
  },
);
