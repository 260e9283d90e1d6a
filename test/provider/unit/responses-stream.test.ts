// The emulated provider's Responses as a stream: events, their fields beside recorded ones, and faults.
import { describe, expect, it } from "vitest";
import { scriptedText } from "../support/client.ts";
import { joinDeltas, recordedEvents, respond, streamResponse, typesOf } from "../support/responses.ts";
import type { StreamEvent } from "../support/responses.ts";

const tools = [{ type: "function", name: "get_weather", parameters: { type: "object", properties: {} } }];
const reasoning = { effort: "low", summary: "auto" };

/** Each recorded stream, and a request whose stream has the same events. */
const RECORDINGS: [string, object][] = [
  ["text", { input: scriptedText({ text: "A weir holds" }) }],
  ["tools", { input: "What is the weather?", tools }],
  ["refusal", { input: scriptedText({ refuse: "I can't", reasoning: 0 }) }],
  ["reasoning", { reasoning, include: ["reasoning.encrypted_content"] }],
  ["incomplete", { max_output_tokens: 70 - 1, input: scriptedText({ tokens: 9 }) }],
  ["error-nested", { input: scriptedText({ tokens: 9, error_after: 2 }) }],
  ["error-flat", { input: scriptedText({ tokens: 9, error_after: 2, flat_error: true }) }],
  ["multibyte", { input: scriptedText({ text: "Ein Wehr: 🦫 是一道矮墙", reasoning: 0 }) }],
];

/** The names and types of all fields, also of nested ones. */
function fieldsOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fieldsOf);
  if (typeof value !== "object" || value === null) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, fieldsOf(inner)]));
}

function firstOf(events: StreamEvent[], type: string): unknown {
  const event = events.find((candidate) => candidate.type === type);
  // These fields depend on the request.
  const { tools: _tools, max_output_tokens: _limit, ...response } = event?.response ?? {};
  return fieldsOf(event?.response ? { ...event, response } : event);
}

describe("a stream", () => {
  it.each(RECORDINGS)("has the events and fields of the recorded one: %s", async (name, fields) => {
    const recorded = recordedEvents(name);
    const events = await streamResponse(fields);
    const types = [...new Set(typesOf(recorded))];
    expect([...new Set(typesOf(events))]).toEqual(types);
    expect(events.map((event) => event.sequence_number)).toEqual([...events.keys()]);
    for (const type of types.filter((type) => !type.endsWith(".completed"))) {
      expect(firstOf(events, type), type).toEqual(firstOf(recorded, type));
    }
  });

  it("has the text, the summary and the usage of the whole response", async () => {
    const fields = { input: "Tell me about rivers, grüße 🎉", reasoning };
    const events = await streamResponse(fields);
    const whole = await respond(fields);
    const last = events.at(-1)?.response;
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
});

describe("a failed stream", () => {
  it("has the error and the usage until then", async () => {
    const events = await streamResponse({ input: scriptedText({ tokens: 9, error_after: 4, reasoning: 3 }) });
    const [error, failed] = events.slice(-2);
    const details = { type: "server_error", code: "server_error", message: expect.any(String), param: null };
    expect(error).toEqual({ type: "error", sequence_number: events.length - 2, error: details });
    expect(failed?.response).toMatchObject({ status: "failed", error: { code: "server_error" }, output: [] });
    expect(failed?.response?.usage).toMatchObject({ output_tokens: 7, output_tokens_details: { reasoning_tokens: 3 } });
  });
});
