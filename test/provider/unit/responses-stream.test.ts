// The emulated provider's Responses as a stream: the order of events, their fields beside recorded ones, and faults.
import { beforeEach, describe, expect, it } from "vitest";
import { readJson, send } from "../support/client.ts";
import {
  joinDeltas,
  recordedEvents,
  respond,
  scriptedInput,
  sendResponse,
  type StreamEvent,
  streamResponse,
  typesOf,
} from "../support/responses.ts";
import { readEvents } from "../../support/events.ts";

const tools = [{ type: "function", name: "get_weather", parameters: { type: "object", properties: {} } }];
const reasoning = { effort: "low", summary: "auto" };

/** Each recorded stream, and a request that makes the emulation send the like. */
const LIKENESSES: [string, object][] = [
  ["text", { input: scriptedInput({ text: "A weir holds" }) }],
  ["tools", { input: "What is the weather?", tools }],
  ["refusal", { input: scriptedInput({ refuse: "I can't", reasoning: 0 }) }],
  ["reasoning", { reasoning, include: ["reasoning.encrypted_content"] }],
  ["incomplete", { max_output_tokens: 70 - 1, input: scriptedInput({ tokens: 9 }) }],
  ["error-nested", { input: scriptedInput({ tokens: 9, error_after: 2 }) }],
  ["error-flat", { input: scriptedInput({ tokens: 9, error_after: 2, flat_error: true }) }],
  ["multibyte", { input: scriptedInput({ text: "Ein Wehr: 🦫 是一道矮墙", reasoning: 0 }) }],
];

beforeEach(async () => {
  await send("DELETE", "/__stats");
});

/** The names of all fields of an event, those inside its items and responses too. */
function fieldsOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fieldsOf);
  if (typeof value !== "object" || value === null) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, fieldsOf(inner)]));
}

function firstOf(events: StreamEvent[], type: string): unknown {
  const event = events.find((candidate) => candidate.type === type);
  // What a response repeats of its request, and how much was said, differs between requests.
  const { tools: _tools, max_output_tokens: _limit, ...response } = event?.response ?? {};
  return fieldsOf(event?.response ? { ...event, response } : event);
}

describe("the stream of a response", () => {
  it.each(LIKENESSES)("is like the recorded one: %s", async (name, fields) => {
    const recorded = recordedEvents(name);
    const events = await streamResponse(fields);
    const once = [...new Set(typesOf(recorded))];
    expect([...new Set(typesOf(events))]).toEqual(once);
    expect(events.map((event) => event.sequence_number)).toEqual([...events.keys()]);
    expect(recorded.map((event) => event.sequence_number)).toEqual([...recorded.keys()]);
    for (const type of once.filter((type) => !type.endsWith(".completed"))) {
      expect(firstOf(events, type), type).toEqual(firstOf(recorded, type));
    }
  });

  it("ends with the response that is stored, and says the same as the whole one", async () => {
    const fields = { input: "Tell me about rivers, grüße 🎉", reasoning };
    const events = await streamResponse(fields);
    const last = events.at(-1)?.response;
    expect(await readJson(await send("GET", `/v1/responses/${last?.id}`))).toEqual(last);
    const whole = await respond(fields);
    expect(last?.usage).toEqual(whole.usage);
    const text = joinDeltas(events, "response.output_text.delta");
    expect(whole.output.at(-1)).toMatchObject({ content: [{ text }] });
    expect(last?.output.at(-1)).toMatchObject({ content: [{ text }] });
    const summary = joinDeltas(events, "response.reasoning_summary_text.delta");
    expect(last?.output[0]).toMatchObject({ summary: [{ type: "summary_text", text: summary }] });
  });

  it("calls functions and custom tools", async () => {
    const events = await streamResponse({ input: "weather", tools });
    const written = joinDeltas(events, "response.function_call_arguments.delta");
    expect(events.at(-1)?.response?.output.at(-1)).toMatchObject({ type: "function_call", arguments: written });
    const custom = await streamResponse({ input: "Run it", tools: [{ type: "custom", name: "shell" }] });
    expect(typesOf(custom)).toContain("response.custom_tool_call_input.done");
    expect(joinDeltas(custom, "response.custom_tool_call_input.delta")).toBe("Run it");
  });

  it("searches the web before it speaks", async () => {
    const events = await streamResponse({ input: scriptedInput({ reasoning: 0 }), tools: [{ type: "web_search" }] });
    expect(typesOf(events).slice(2, 9)).toEqual([
      "response.output_item.added",
      "response.web_search_call.in_progress",
      "response.web_search_call.searching",
      "response.web_search_call.completed",
      "response.output_item.done",
      "response.output_item.added",
      "response.content_part.added",
    ]);
    expect(events.at(-1)?.response?.output[0]).toMatchObject({ type: "web_search_call", status: "completed" });
  });

  it("has padding unless declined, and no usage when scripted away", async () => {
    const stream_options = { include_obfuscation: false };
    const events = await streamResponse({ stream_options, input: scriptedInput({ tokens: 2, no_usage: true }) });
    expect(events.some((event) => "obfuscation" in event)).toBe(false);
    expect(events.at(-1)?.response).toMatchObject({ status: "completed", usage: null });
  });
});

describe("a broken stream", () => {
  it("tells the error after what it has said, with the usage until then", async () => {
    const events = await streamResponse({ input: scriptedInput({ tokens: 9, error_after: 4, reasoning: 3 }) });
    const [error, failed] = events.slice(-2);
    expect(error).toEqual({ type: "error", sequence_number: events.length - 2, error: expect.anything() });
    expect(error?.["error"]).toEqual({
      type: "server_error",
      code: "server_error",
      message: expect.any(String),
      param: null,
    });
    expect(failed?.response).toMatchObject({ status: "failed", error: { code: "server_error" }, output: [] });
    expect(failed?.response?.usage).toMatchObject({ output_tokens: 7, output_tokens_details: { reasoning_tokens: 3 } });
  });

  it("has been opened when it breaks at once", async () => {
    const events = await streamResponse({ input: scriptedInput({ error_after: 0, flat_error: true }) });
    expect(typesOf(events)).toEqual(["response.created", "response.in_progress", "error", "response.failed"]);
    expect(events[2]).toMatchObject({ sequence_number: 2, code: "server_error", param: null });
  });

  it("may be cut after exactly the tokens, or come in pieces", async () => {
    const response = await sendResponse({
      stream: true,
      input: scriptedInput({ tokens: 9, cut_after: 2, reasoning: 0 }),
    });
    let text = "";
    const decoder = new TextDecoder();
    const read = async () => {
      for await (const bytes of response.body ?? []) text += decoder.decode(bytes, { stream: true });
    };
    await expect(read()).rejects.toThrow("cut");
    expect(readEvents(text).filter(({ name }) => name === "response.output_text.delta")).toHaveLength(2);
    const pieces = await streamResponse({ input: scriptedInput({ text: "grüße 🎉", split: 3 }) });
    expect(joinDeltas(pieces, "response.output_text.delta")).toBe("grüße 🎉");
  });

  it("is in the books", async () => {
    await streamResponse({ input: scriptedInput({ tokens: 5 }) });
    await streamResponse({ input: scriptedInput({ tokens: 5, error_after: 1 }) });
    await send("GET", "/v1/responses/resp_none/input_items");
    expect(await readJson(await send("GET", "/__stats"))).toMatchObject({
      streams: 2,
      completed: 1,
      failed: 2,
      tokens_out: 6,
      by_path: { "/v1/responses": 2, "/v1/responses/:id/input_items": 1 },
    });
  });
});
