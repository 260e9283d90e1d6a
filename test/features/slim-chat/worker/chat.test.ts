// POST /chat gives the same answers and errors over Chat Completions and over Responses.

import { beforeEach, describe, expect, it } from "vitest";
import type { Script } from "../../../../dev/provider/kernel/script.ts";
import { errorOf, NOTHING } from "../../../support/caller.ts";
import { createCatalog, RESPONDENT } from "../../../support/catalog.ts";
import { sse, textChunk } from "../../../support/chat-chunks.ts";
import { emulate } from "../../../support/emulation.ts";
import { createUserOf, streamOf } from "../../../support/providers.ts";
import { SLIM, SLIM_RESPONSES } from "../../../support/surface.ts";
import { createUser, emulation, useCatalog } from "../../../support/workerd.ts";
import type { Received } from "../support/dialects.ts";
import { askBoth, askDialect, useDialect } from "../support/dialects.ts";

type Json = Record<string, unknown>;

const SCHEMA = {
  type: "object",
  properties: { verdict: { type: "string" }, count: { type: "integer" } },
  required: ["verdict", "count"],
  additionalProperties: false,
};
const LOOK = { name: "look", description: "Looks at a place.", parameters: SCHEMA };
const user = (content: unknown) => ({ role: "user", content });
const scripted = (script: Script, more: Json = {}): Json => ({ input: emulate(script), ...more });
const calling = (...ids: string[]) => ({
  role: "assistant",
  tools: ids.map((id) => ({ id, name: "look", arguments: '{"verdict":"a","count":1}' })),
});
const returned = (id: string) => ({ role: "tool", id, content: `It is wet (${id}).` });

type Case = [name: string, body: Json, finish: string, text: RegExp];

const ANSWERS: Case[] = [
  ["a text", scripted({ text: 'A weir, ein Wehr — 堰 🙂\n"quoted"' }), "stop", /^A weir, ein Wehr — 堰 🙂\n"quoted"$/],
  ["no text at all", scripted({ text: "" }), "stop", /^$/],
  ["bytes in small pieces", scripted({ tokens: 30, split: 7 }), "stop", /^\S.{60,}$/],
  ["instructions and an effort", { input: "A weir?", instructions: "Be brief.", effort: "high" }, "stop", /weir/],
  ["a system message", { input: [{ role: "system", content: "Be kind." }, user("A weir?")] }, "stop", /weir/],
  [
    "images",
    {
      input: [
        user([
          { type: "text", text: "What is on it?" },
          { type: "image", url: "https://example.com/a.png" },
          { type: "image", url: "data:image/png;base64,AAAA" },
        ]),
      ],
    },
    "stop",
    /I saw 2 images/,
  ],
  ["a schema", { input: "Is it a weir?", format: SCHEMA }, "stop", /^\{"verdict":".*","count":\d+\}$/],
  ["hidden reasoning", scripted({ tokens: 5, reasoning: 40 }), "stop", /./],
  [
    "several turns",
    { input: [user("A weir?"), { role: "assistant", content: "A dam." }, user("A river's?")] },
    "stop",
    /river/,
  ],
  ["a tool call", { input: "Look at the weir.", tools: [LOOK] }, "tool_calls", /^$/],
  [
    "the results of two tools",
    { input: [user("Look."), calling("call_1", "call_2"), returned("call_2"), returned("call_1")], tools: [LOOK] },
    "stop",
    /It is wet \(call_1\)\./,
  ],
  ["a refusal", scripted({ refuse: "I would rather not." }), "refusal", /^I would rather not\.$/],
  ["an output limit", scripted({ tokens: 100, reasoning: 0 }, { max_output_tokens: 20 }), "length", /./],
  ["a truncated tool call", { input: "Look!", tools: [LOOK], max_output_tokens: 16 }, "length", /^$/],
];

interface SlimObject {
  text: string;
  tools?: { name: string }[];
  finish: string;
  usage: Record<string, number>;
}

/** The events of a stream as the object of an answer that is not streamed. */
function toObject({ events = [] }: Received): Json {
  const named = (wanted: string) =>
    (events as { name: string; data: unknown }[]).filter(({ name }) => name === wanted).map(({ data }) => data);
  const tools = named("tool");
  return { text: named("text").join(""), ...(tools.length > 0 ? { tools } : {}), ...(named("done")[0] as Json) };
}

describe("an answer is the same over either dialect, streamed or not:", () => {
  it.each(ANSWERS)("%s", async (_, body, finish, text) => {
    const [chat, responses] = await askBoth(body);
    expect(responses).toEqual(chat);
    expect(chat.status).toBe(200);
    const answer = toObject(chat) as unknown as SlimObject;
    expect(answer.finish).toBe(finish);
    expect(answer.text).toMatch(text);
    expect(answer.tools?.map(({ name }) => name)).toEqual(finish === "tool_calls" ? ["look"] : undefined);
    expect(answer.usage).toMatchObject({ input: expect.any(Number) as number, output: expect.any(Number) as number });
    const [wholeChat, wholeResponses] = await askBoth({ ...body, stream: false });
    expect(wholeResponses).toEqual(wholeChat);
    expect(wholeChat).toEqual({ status: 200, object: answer });
  });

  it.each([400, 401, 429, 504])("a provider's %i", async (status) => {
    for (const stream of [true, false]) {
      const [chat, responses] = await askBoth(scripted({ status }, { stream }));
      expect(responses).toEqual(chat);
      expect(chat.status).toBeGreaterThanOrEqual(400);
      expect(chat.object).toHaveProperty("error.message");
    }
  });

  it.each<[string, Script]>([
    ["an error in the middle", { tokens: 20, delay_ms: 1, error_after: 5 }],
    ["a cut connection", { tokens: 20, delay_ms: 1, cut_after: 5 }],
  ])("%s", async (_, script) => {
    const [chat, responses] = await askBoth(scripted(script));
    expect(responses).toEqual(chat);
    expect(JSON.stringify(chat)).toContain('"code":"provider_error"');
  });
});

const FIELDS = [
  [SLIM, "messages[0].content", "input"],
  [SLIM, "response_format.json_schema", "format"],
  [SLIM, "max_completion_tokens", "max_output_tokens"],
  [SLIM, "stream_options.include_usage", null],
  [SLIM_RESPONSES, "input[0].content[1].image_url", "input"],
  [SLIM_RESPONSES, "text.format.schema", "format"],
  [SLIM_RESPONSES, "reasoning.effort", "effort"],
  [SLIM_RESPONSES, "store", null],
] as const;

describe("the field of a provider's error has the slim name", () => {
  it.each(FIELDS)("over %o: %s is %s", async (surface, param, field) => {
    await useCatalog(createCatalog());
    const error = { message: "No.", type: "invalid_request_error", param, code: "invalid_value" };
    for (const stream of [true, false]) {
      const asker = await createUserOf(() => Response.json({ error }, { status: 400 }));
      const response = await asker.post(surface.path, surface.body({}, stream));
      expect(response.status).toBe(400);
      expect(await errorOf(response)).toMatchObject({ message: "No.", code: "invalid_value", param: field });
    }
  });

  it.each([
    ["o4-mini", textChunk("Hi"), { error: { param: "messages[0].content" } }, "input"],
    [
      RESPONDENT,
      sse({ type: "response.output_text.delta", delta: "Hi" }),
      { error: { param: "text.format" } },
      "format",
    ],
  ])("in the middle of a stream (%s)", async (model, begun, { error }, field) => {
    await useCatalog(createCatalog());
    const invalid = { ...error, message: "No.", type: "invalid_request_error", code: "invalid_image" };
    const told = model === RESPONDENT ? { type: "error", sequence_number: 2, error: invalid } : { error: invalid };
    const asker = await createUserOf(streamOf(begun, sse(told)));
    const text = await (await asker.post(SLIM.path, { input: "Hi", model })).text();
    expect(SLIM.failure(text)).toMatchObject({ code: "invalid_image", param: field });
  });
});

describe("a request for a reasoning summary", () => {
  const ASKED = { input: emulate({ tokens: 3, reasoning: 30 }), model: "o4-mini", reasoning: "summary" };
  const SUMMARY = /^\*\*Reading the question\*\*\n\n.*pretends to think about it\.$/s;
  beforeEach(async () => {
    await useCatalog(createCatalog());
    await emulation.zero();
  });

  it("gets the summary before the text, over Responses", async () => {
    const { status, events } = await askDialect(await createUser(), ASKED);
    expect(status).toBe(200);
    expect(events).toMatchObject([
      { name: "thinking", data: expect.stringMatching(SUMMARY) as string },
      { name: "text" },
      { name: "done", data: { finish: "stop", usage: { output: 33, reasoning: 30 } } },
    ]);
    const { last } = await emulation.stats();
    expect(last?.path).toBe("/v1/responses");
    expect(last?.body).toMatchObject({ reasoning: { summary: "auto" }, store: false });
    const { object } = await askDialect(await createUser(), { ...ASKED, stream: false });
    expect(object).toMatchObject({ thinking: expect.stringMatching(SUMMARY) as string, finish: "stop" });
  });

  it("is refused by a model without Responses, with the names of models that support it", async () => {
    await useDialect("chat_completions");
    const asker = await createUser();
    const response = await asker.post("/chat", ASKED);
    expect(response.status).toBe(400);
    const error = await errorOf(response);
    expect(error).toMatchObject({ type: "invalid_request_error", code: "unsupported_value" });
    expect(error.message).toContain("o3");
    expect(await asker.settled()).toEqual(NOTHING);
    expect((await emulation.stats()).requests).toBe(0);
  });
});
