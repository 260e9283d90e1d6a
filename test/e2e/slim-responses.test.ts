import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ToolCall } from "../../src/features/slim-chat/codec.ts";
import { createCatalog } from "../support/catalog.ts";
import { emulate } from "../support/emulation.ts";
import { readEvents } from "../support/events.ts";
import { PIXEL } from "../support/openai-client.ts";
import { startWeir } from "../support/weir.ts";

/** The tests' catalog with a card that has no Chat Completions. */
function createResponsesCatalog() {
  const catalog = createCatalog();
  const { o3 } = catalog.cards;
  if (!o3) throw new Error("there is no card 'o3'");
  o3.endpoints = ["responses"];
  return catalog;
}

const weir = await startWeir(createResponsesCatalog());
afterAll(weir.close);
afterEach(weir.report);
beforeEach(weir.emulation.zero);

const THIRTEEN_TOKENS = "water runs over the low wall and the river keeps its level while";
const DEPTH = "How deep is the river Lech?";
const RESPONSES_ONLY = { "/v1/responses": expect.any(Number) };
const LEFT = { "tokens/month": expect.any(Number), "requests/month": 9999 };

/** What a slim stream said: what it thought, its text, and the events that came after both. */
async function read(response: Response) {
  expect(response.status).toBe(200);
  const events = readEvents(await response.text()).map(({ name, data }) => ({
    name,
    data: JSON.parse(data) as unknown,
  }));
  const said = (name: string) => events.flatMap((event) => (event.name === name ? [String(event.data)] : [])).join("");
  const rest = events.filter(({ name }) => name !== "text" && name !== "thinking");
  return { names: events.map(({ name }) => name), thinking: said("thinking"), text: said("text"), rest };
}

describe.each([
  ["that lists Responses first", "gpt-6.1-terra"],
  ["that answers by Responses only", "o3"],
])("a slim chat with a card %s", (_what, model) => {
  afterEach(async () => {
    expect((await weir.emulation.stats()).by_path).toEqual(RESPONSES_ONLY);
  });

  it("streams text, the first of it at once, then one done with usage and what is left", async () => {
    const user = await weir.createUser();
    const response = await user.post("/chat", { model, input: emulate({ tokens: 13, reasoning: 64 }) });
    expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    const { text, rest, thinking } = await read(response);
    expect({ text, thinking }).toEqual({ text: THIRTEEN_TOKENS, thinking: "" });
    const usage = { input: expect.any(Number), cached: 0, output: 77, reasoning: 64, usd: expect.any(Number) };
    expect(rest).toEqual([{ name: "done", data: { finish: "stop", usage, left: LEFT } }]);
  });

  it("comes whole when it is not to stream, and is paid for as the provider counted", async () => {
    const user = await weir.createUser();
    const body = { model, input: emulate({ tokens: 13, reasoning: 64 }), stream: false };
    const response = await user.post("/chat", body);
    expect(response.headers.get("content-type")).toBe("application/json");
    const answer = (await response.json()) as { usage: { input: number; output: number } };
    expect(answer).toMatchObject({
      text: THIRTEEN_TOKENS,
      finish: "stop",
      usage: { output: 77, reasoning: 64 },
      left: LEFT,
    });
    const tokens = answer.usage.input + answer.usage.output;
    expect(await user.settled()).toEqual({ tokens, requests: 1, reserved: 0 });
  });

  it("hands over whole tool calls, and takes their results", async () => {
    const user = await weir.createUser();
    const question = { role: "user", content: DEPTH };
    const parameters = { type: "object", properties: { river: { type: "string" } } };
    const tools = [{ name: "measure_river", description: "Measures a river.", parameters }];
    const { text, rest } = await read(await user.post("/chat", { model, input: [question], tools }));
    expect(text).toBe("");
    expect(rest).toMatchObject([
      { name: "tool", data: { name: "measure_river", arguments: '{"river":"Lech"}' } },
      { name: "done", data: { finish: "tool_calls" } },
    ]);
    const call = rest[0]?.data as ToolCall | undefined;
    const result = { role: "tool", id: call?.id, content: "three metres" };
    const turns = [question, { role: "assistant", tools: [call] }, result];
    expect((await read(await user.post("/chat", { model, input: turns, tools }))).text).toContain("three metres");
  });

  it("tells what the model thought before what it says, when that was asked for", async () => {
    const user = await weir.createUser();
    const body = { model, input: "Why does a weir make a river easier to measure?", reasoning: "summary" };
    const { names, thinking, text } = await read(await user.post("/chat", body));
    expect(thinking).toMatch(/weir/);
    expect(text).toMatch(/weir/);
    expect(names.lastIndexOf("thinking")).toBeLessThan(names.indexOf("text"));
    const whole = await (await user.post("/chat", { ...body, stream: false })).json();
    expect(whole).toMatchObject({ thinking, text });
  });

  it("reads images, follows a schema and stops at the bound", async () => {
    const user = await weir.createUser();
    const content = [
      { type: "text", text: "What is in it?" },
      { type: "image", url: PIXEL },
    ];
    const seen = await read(await user.post("/chat", { model, input: [{ role: "user", content }] }));
    expect(seen.text).toMatch(/1 image/);

    const format = {
      type: "object",
      properties: { river: { type: "string" } },
      required: ["river"],
      additionalProperties: false,
    };
    const formed = await read(await user.post("/chat", { model, input: DEPTH, format }));
    expect(JSON.parse(formed.text)).toEqual({ river: "Lech" });

    const long = { model, input: emulate({ tokens: 500, reasoning: 10 }), max_output_tokens: 60 };
    const cut = await read(await user.post("/chat", long));
    expect(cut.rest).toMatchObject([
      { name: "done", data: { finish: "length", usage: { output: 60, reasoning: 10 } } },
    ]);
  });

  it.each([7, 1000])("is the same when the provider's bytes come in pieces of %i", async (split) => {
    const text = 'Größe 🌊 "quoted" \\ \n';
    const response = await (await weir.createUser()).post("/chat", { model, input: emulate({ text, split }) });
    expect((await read(response)).text).toBe(text);
  });

  it.each([
    ["an error", { error_after: 5 }, "The model failed while answering. Please try again."],
    ["a flat error", { error_after: 5, flat_error: true }, "The model failed while answering. Please try again."],
    ["a cut connection", { cut_after: 5 }, "The model's answer broke off. Please try again."],
  ])("that breaks off with %s fails after the text that came", async (_how, fault, message) => {
    const user = await weir.createUser();
    const input = emulate({ tokens: 20, delay_ms: 1, ...fault });
    const { text, rest } = await read(await user.post("/chat", { model, input }));
    expect(text).toBe("water runs over the low");
    expect(rest).toEqual([
      { name: "failed", data: { error: { message, type: "server_error", param: null, code: "provider_error" } } },
    ]);
  });
});

it("a model that is else asked for chat completions is asked over Responses for what it thought", async () => {
  const user = await weir.createUser();
  const { thinking } = await read(await user.post("/chat", { input: DEPTH, reasoning: "summary" }));
  expect(thinking).toMatch(/Lech/);
  expect((await weir.emulation.stats()).by_path).toEqual(RESPONSES_ONLY);
});
