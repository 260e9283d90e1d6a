// Responses events as pieces: text, reasoning, tool calls, ends, errors in both shapes, and unknown data.

import { describe, expect, it } from "vitest";
import { readResponsesEvent } from "../../../../src/dialects/responses/decode.ts";
import { messageOf, responseOf, USAGE } from "../../support/responses-events.ts";

type Json = Record<string, unknown>;

const piecesOf = (type: string, more: Json = {}) =>
  readResponsesEvent(JSON.stringify({ type, sequence_number: 7, ...more }));
const endOf = (status: string, changes: Json = {}) =>
  piecesOf(`response.${status}`, { response: responseOf({ status, ...changes }) });

const USED = {
  kind: "usage",
  usage: { input: 12, cached: 8, cacheWrite: 3, output: 30, reasoning: 16 },
  alone: false,
};
const END = { kind: "end" };
const finish = (how: string) => ({ kind: "finish", finish: how });
const call = (type: string, more: Json = {}) => ({ id: "fc_1", type, call_id: "call_1", name: "look", ...more });

describe("an event", () => {
  it("of text says it", () => {
    expect(piecesOf("response.output_text.delta", { delta: "A weir 堰", output_index: 1 })).toEqual([
      { kind: "text", text: "A weir 堰" },
    ]);
  });

  it("of a refusal says it, and that it is one", () => {
    expect(piecesOf("response.refusal.delta", { delta: "I can't" })).toEqual([
      { kind: "text", text: "I can't" },
      finish("refusal"),
    ]);
  });

  it("of a summary is a thought, and each part after the first is a paragraph", () => {
    const part = (summary_index: number) => piecesOf("response.reasoning_summary_part.added", { summary_index });
    expect(part(0)).toEqual([]);
    expect(piecesOf("response.reasoning_summary_text.delta", { delta: "First" })).toEqual([
      { kind: "thinking", text: "First" },
    ]);
    expect([part(1), part(2)]).toEqual([[{ kind: "thinking", text: "\n\n" }], [{ kind: "thinking", text: "\n\n" }]]);
  });

  it.each([
    ["function_call", { arguments: "" }, "response.function_call_arguments.delta"],
    ["custom_tool_call", { input: "" }, "response.custom_tool_call_input.delta"],
  ])("of a %s begins it with its id and name, and goes on with fragments at its place", (type, empty, delta) => {
    expect(piecesOf("response.output_item.added", { output_index: 2, item: call(type, empty) })).toEqual([
      { kind: "tool", index: 2, id: "call_1", name: "look", arguments: "" },
    ]);
    expect(piecesOf(delta, { output_index: 2, delta: '{"at"' })).toEqual([
      { kind: "tool", index: 2, arguments: '{"at"' },
    ]);
  });

  it("that repeats what was said in parts says nothing", () => {
    const item = call("function_call", { arguments: "{}" });
    expect(piecesOf("response.output_text.done", { text: "A weir" })).toEqual([]);
    expect(piecesOf("response.refusal.done", { refusal: "No" })).toEqual([]);
    expect(piecesOf("response.function_call_arguments.done", { arguments: "{}", output_index: 0 })).toEqual([]);
    expect(piecesOf("response.reasoning_summary_text.done", { text: "First", summary_index: 1 })).toEqual([]);
    expect(piecesOf("response.output_item.done", { item })).toEqual([]);
    expect(piecesOf("response.output_item.done", { item: messageOf({ type: "output_text", text: "Hi" }) })).toEqual([]);
  });

  it.each(["web_search_call", "file_search_call", "code_interpreter_call", "image_generation_call", "mcp_call"])(
    "counts a %s once, when it is done",
    (type) => {
      expect(piecesOf("response.output_item.added", { item: { type, status: "in_progress" } })).toEqual([]);
      expect(piecesOf("response.output_item.done", { item: { type, status: "completed" } })).toEqual([
        { kind: "hosted call" },
      ]);
    },
  );

  it.each([
    ["response.created", { response: responseOf({ status: "in_progress", usage: null }) }],
    ["response.queued", { response: responseOf({ status: "queued", usage: null }) }],
    ["response.web_search_call.searching", { item_id: "ws_1" }],
    ["response.output_text.annotation.added", { annotation: { type: "url_citation" } }],
    ["keepalive", {}],
    ["something.new", { item: null, response: 7, output_index: "first", message: { deep: true } }],
  ])("that is not known here says nothing: %s", (type, more) => {
    expect(piecesOf(type, more)).toEqual([]);
  });

  it.each(["", "[DONE]", "null", "7", "[]", "{}", '{"type":1}'])(
    "that is not of this endpoint is refused: %j",
    (data) => {
      expect(() => readResponsesEvent(data)).toThrow();
    },
  );

  it.each([
    ["response.output_text.delta", { delta: 7 }],
    ["response.output_text.delta", { delta: { text: "deep" } }],
    ["response.output_item.added", { item: "none" }],
    ["response.output_item.done", { item: { type: 7 } }],
  ])("of which a field is of another type says nothing in it: %s", (type, more) => {
    expect(piecesOf(type, more).filter((piece) => piece.kind !== "text" || piece.text !== "")).toEqual([]);
  });
});

describe("the last event", () => {
  it("of an answer that is complete has its usage, and that it stopped", () => {
    expect(endOf("completed", { output: [messageOf({ type: "output_text", text: "Hi" })] })).toEqual([
      USED,
      finish("stop"),
      END,
    ]);
  });

  it.each(["function_call", "custom_tool_call"])("of an answer with a %s asks for the tool", (type) => {
    expect(endOf("completed", { output: [{ type: "reasoning" }, call(type)] })).toEqual([
      USED,
      finish("tool_calls"),
      END,
    ]);
  });

  it.each([
    [{ reason: "max_output_tokens" }, "length"],
    [{ reason: "content_filter" }, "content_filter"],
    [{ reason: "a reason of next year" }, "length"],
    [null, "length"],
  ])("of an answer that is not complete, because of %j, finishes with %s", (incomplete_details, how) => {
    const output = [call("function_call", { arguments: '{"at' })];
    expect(endOf("incomplete", { incomplete_details, output })).toEqual([USED, finish(how), END]);
  });

  it("of an answer that failed has its usage and the error", () => {
    const error = { code: "server_error", message: "It broke." };
    expect(endOf("failed", { error })).toEqual([
      USED,
      { kind: "error", error: { message: "It broke.", type: "server_error", param: null, code: "server_error" } },
      END,
    ]);
  });

  it("of an answer that was cancelled is an error, though there is none to tell", () => {
    const error = { message: "The provider reported an error.", type: "server_error", param: null, code: null };
    expect(endOf("cancelled", { usage: null })).toEqual([{ kind: "error", error }, END]);
  });

  it.each([
    undefined,
    null,
    "none",
    {},
    { total_tokens: 42 },
    { ...USAGE, input_tokens: -5 },
    { ...USAGE, output_tokens: 1.5 },
    { ...USAGE, output_tokens: "30" },
  ])("with usage that cannot be read has none, and is not taken for free: %j", (usage) => {
    expect(endOf("completed", { usage })).toEqual([finish("stop"), END]);
  });

  it.each([undefined, null, "many", { cached_tokens: -1, reasoning_tokens: -1 }])(
    "has nothing of the details that cannot be read: %j",
    (details) => {
      const usage = { ...USAGE, input_tokens_details: details, output_tokens_details: details };
      expect(endOf("completed", { usage })[0]).toMatchObject({
        usage: { input: 12, cached: 0, cacheWrite: 0, output: 30, reasoning: 0 },
      });
    },
  );

  it("without its response, or with one that has not ended, is refused", () => {
    expect(() => piecesOf("response.completed")).toThrow();
    expect(() => piecesOf("response.completed", { response: "resp_1" })).toThrow();
    expect(() => piecesOf("response.completed", { response: responseOf({ status: "in_progress" }) })).toThrow();
  });
});

describe("an error in a stream", () => {
  const error = { type: "server_error", code: "server_error", message: "It broke.", param: "input" };
  const { type: _, ...fields } = error;

  it("is the same in both of its shapes, and not yet the end: its usage follows", () => {
    expect(piecesOf("error", { error })).toEqual([{ kind: "error", error }]);
    expect(piecesOf("error", fields)).toEqual([{ kind: "error", error }]);
  });

  it("has the four keys, whatever the provider left out", () => {
    const least = { message: "The provider reported an error.", type: "server_error", param: null, code: null };
    expect(piecesOf("error")).toEqual([{ kind: "error", error: least }]);
    expect(piecesOf("error", { error: {} })).toEqual([{ kind: "error", error: least }]);
    expect(piecesOf("error", { error: null, message: 7, code: 503 })).toEqual([{ kind: "error", error: least }]);
  });

  it.each(["invalid_prompt", "invalid_image_url", "invalid_base64_image", "image_too_large"])(
    "that says %s is about the request, in whatever shape",
    (code) => {
      const about = { type: "invalid_request_error", code, message: "No." };
      expect(piecesOf("error", { code, message: "No." })).toMatchObject([{ error: about }]);
      expect(piecesOf("error", { error: { code, message: "No." } })).toMatchObject([{ error: about }]);
      expect(endOf("failed", { error: { code, message: "No." } })[1]).toMatchObject({ error: about });
    },
  );

  it.each(["server_error", "rate_limit_exceeded", "vector_store_timeout", "invalid_api_key", null])(
    "that says %s is not about the request",
    (code) => {
      expect(piecesOf("error", { code, message: "No." })).toMatchObject([{ error: { type: "server_error", code } }]);
    },
  );
});
