// The Responses decoder for events: text, reasoning, tool calls, ends, errors in both shapes, and unknown data.

import { describe, expect, it } from "vitest";
import { responsesDialect } from "../../../../src/dialects/responses/decode.ts";
import type { Json } from "../../support/responses-events.ts";
import { messageOf, responseOf, USAGE } from "../../support/responses-events.ts";

const decode = (data: string) => responsesDialect.decode(data);
const piecesOf = (type: string, more: Json = {}) =>
  decode(JSON.stringify({ type, sequence_number: 7, ...more })).pieces;
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
  it("has its JSON beside its pieces", () => {
    const json = { type: "response.output_text.delta", delta: "A", novel: 7 };
    expect(decode(JSON.stringify(json))).toEqual({ pieces: [{ kind: "text", text: "A" }], json });
  });

  it.each([
    ["response.output_text.delta", { delta: "A weir 堰" }, [{ kind: "text", text: "A weir 堰" }]],
    ["response.refusal.delta", { delta: "I can't" }, [{ kind: "text", text: "I can't" }, finish("refusal")]],
    ["response.reasoning_summary_text.delta", { delta: "First" }, [{ kind: "thinking", text: "First" }]],
    ["response.reasoning_summary_part.added", { summary_index: 0 }, []],
    ["response.reasoning_summary_part.added", { summary_index: 1 }, [{ kind: "thinking", text: "\n\n" }]],
    ["response.reasoning_summary_part.added", { summary_index: 2 }, [{ kind: "thinking", text: "\n\n" }]],
  ])("%s %j has its text, and a paragraph after each part of a summary", (type, fields, pieces) => {
    expect(piecesOf(type, fields)).toEqual(pieces);
  });

  it.each([
    ["function_call", { arguments: "" }, "response.function_call_arguments.delta"],
    ["custom_tool_call", { input: "" }, "response.custom_tool_call_input.delta"],
  ])("of a %s starts it with id and name, and continues it by its index", (type, empty, delta) => {
    const tool = { kind: "tool", index: 2 };
    expect(piecesOf("response.output_item.added", { output_index: 2, item: call(type, empty) })).toEqual([
      { ...tool, id: "call_1", name: "look", arguments: "" },
    ]);
    expect(piecesOf(delta, { output_index: 2, delta: '{"at"' })).toEqual([{ ...tool, arguments: '{"at"' }]);
  });

  it.each([
    ["response.reasoning_summary_text.done", { text: "First", summary_index: 1 }],
    ["response.created", { response: responseOf({ status: "in_progress", usage: null }) }],
    ["response.queued", { response: responseOf({ status: "queued", usage: null }) }],
    ["response.web_search_call.searching", { item_id: "ws_1" }],
    ["response.output_text.annotation.added", { annotation: { type: "url_citation" } }],
    ["keepalive", {}],
    ["something.new", { item: null, response: 7, output_index: "first", message: { deep: true } }],
    ["response.output_item.added", { item: "none" }],
    ["response.output_item.done", { item: { type: 7 } }],
  ])("that repeats text or is unknown has no pieces: %s %j", (type, more) => {
    expect(piecesOf(type, more)).toEqual([]);
  });

  it.each(["web_search_call", "file_search_call", "code_interpreter_call", "image_generation_call", "mcp_call"])(
    "counts a %s once, at its end",
    (type) => {
      expect(piecesOf("response.output_item.added", { item: { type, status: "in_progress" } })).toEqual([]);
      const done = piecesOf("response.output_item.done", { item: { type, status: "completed" } });
      expect(done).toEqual([{ kind: "provider_tool_call" }]);
    },
  );

  it.each(["", "[DONE]", "null", "7", "[]", "{}", '{"type":1}'])("of another format throws: %j", (data) => {
    expect(() => decode(data)).toThrow();
  });

  it.each([7, { text: "deep" }])("has no text for a delta of another type: %j", (delta) => {
    expect(piecesOf("response.output_text.delta", { delta })).toEqual([{ kind: "text", text: "" }]);
  });
});

/** All pieces of a stream of these events. */
function piecesOfStream(...events: [type: string, more: Json][]) {
  const seen = new Set<string>();
  return events.flatMap(([type, more]) => responsesDialect.decode(JSON.stringify({ type, ...more }), seen).pieces);
}

const at = (output_index: number, more: Json) => ({ output_index, ...more });
const end = (...output: Json[]): [string, Json] => ["response.completed", { response: responseOf({ output }) }];

describe("text and arguments", () => {
  const TEXT = messageOf({ type: "output_text", text: "A weir." }, { type: "output_text", text: " Yes." });
  const CALL = call("function_call", { arguments: '{"at":1}' });
  const SUMMARY = { type: "reasoning", summary: [{ text: "First" }] };
  const ARGUMENTS = { delta: '{"at":1}', arguments: '{"at":1}' };

  /** The events of one answer in three items. Each group repeats the one before it. */
  const DELTAS: [string, Json][] = [
    ["response.reasoning_summary_text.delta", at(0, { delta: "First" })],
    ["response.output_text.delta", at(1, { content_index: 0, delta: "A weir." })],
    ["response.output_text.delta", at(1, { content_index: 1, delta: " Yes." })],
    ["response.function_call_arguments.delta", at(2, { delta: ARGUMENTS.delta })],
  ];
  const ADDED: [string, Json] = [
    "response.output_item.added",
    at(2, { item: call("function_call", { arguments: "" }) }),
  ];
  const PARTS: [string, Json][] = [
    ["response.output_text.done", at(1, { content_index: 0, text: "A weir." })],
    ["response.output_text.done", at(1, { content_index: 1, text: " Yes." })],
    ["response.function_call_arguments.done", at(2, { arguments: ARGUMENTS.arguments })],
  ];
  const ITEMS = [SUMMARY, TEXT, CALL].map((item, index): [string, Json] => [
    "response.output_item.done",
    at(index, { item }),
  ]);
  const WHOLE = end(SUMMARY, TEXT, CALL);

  it.each<[string, [string, Json][]]>([
    ["in deltas, parts, items and the response", [ADDED, ...DELTAS, ...PARTS, ...ITEMS, WHOLE]],
    ["in parts and after them", [ADDED, ...PARTS, ...ITEMS, WHOLE]],
    ["in items and after them", [...ITEMS, WHOLE]],
    ["in the response alone", [WHOLE]],
    ["in items alone", [...ITEMS, end()]],
  ])("are taken once when they come %s", (_where, events) => {
    const pieces = piecesOfStream(...events);
    const textOf = (kind: string) =>
      pieces.map((piece) => (piece.kind === kind && "text" in piece ? piece.text : "")).join("");
    const tools = pieces.filter((piece) => piece.kind === "tool");
    expect(textOf("text")).toBe("A weir. Yes.");
    expect(textOf("thinking")).toBe("First");
    expect(tools.map((piece) => piece.arguments).join("")).toBe('{"at":1}');
    expect(tools).toContainEqual(expect.objectContaining({ index: 2, id: "call_1", name: "look" }));
  });

  it("are taken once from a server that gives no index", () => {
    const delta: [string, Json] = ["response.output_text.delta", { delta: "A weir. Yes." }];
    const pieces = piecesOfStream(delta, ["response.output_text.done", { text: "A weir. Yes." }], end(SUMMARY, TEXT));
    expect(pieces.filter(({ kind }) => kind === "text")).toEqual([{ kind: "text", text: "A weir. Yes." }]);
  });

  it("of a refusal, a custom tool and a hosted tool are taken once, too", () => {
    const refusal = messageOf({ type: "refusal", refusal: "No." });
    const custom = call("custom_tool_call", { input: "hi" });
    const hosted = { type: "web_search_call" };
    const pieces = piecesOfStream(
      ["response.refusal.done", { refusal: "No." }],
      ["response.custom_tool_call_input.done", at(1, { input: "hi" })],
      ["response.output_item.done", at(2, { item: hosted })],
      end(refusal, custom, hosted),
    );
    expect(pieces.slice(0, -3)).toEqual([
      { kind: "text", text: "No." },
      finish("refusal"),
      { kind: "tool", index: 1, arguments: "hi" },
      { kind: "provider_tool_call" },
    ]);
  });

  it("of a failed response are not taken from its object", () => {
    const response = responseOf({ status: "failed", output: [TEXT] });
    expect(piecesOfStream(["response.failed", { response }])[0]).toEqual(USED);
  });

  it("may be an object, and content a text", () => {
    const pieces = piecesOfStream(end({ ...TEXT, content: "A weir." }, { ...CALL, arguments: { at: 1 } }));
    expect(pieces.slice(0, 2)).toMatchObject([{ text: "A weir." }, { arguments: '{"at":1}' }]);
  });
});

describe("the last event", () => {
  it.each<[string, Json, string]>([
    ["completed", { output: [messageOf({ type: "output_text", text: "Hi" })] }, "stop"],
    ["completed", { output: [{ type: "reasoning" }, call("function_call")] }, "tool_calls"],
    ["completed", { output: [call("custom_tool_call")] }, "tool_calls"],
    ["incomplete", { incomplete_details: { reason: "max_output_tokens" } }, "length"],
    ["incomplete", { incomplete_details: { reason: "content_filter" } }, "content_filter"],
    ["incomplete", { incomplete_details: { reason: "an unknown reason" } }, "length"],
    ["incomplete", { incomplete_details: null, output: [call("function_call", { arguments: "{" })] }, "length"],
  ])("of a %s response with %j has its usage and finishes with %s", (status, changes, how) => {
    expect(endOf(status, changes).slice(-3)).toEqual([USED, finish(how), END]);
  });

  it("of a failed or cancelled response has the error, after the usage if there is one", () => {
    const error = { code: "server_error", message: "It broke." };
    const failed = { kind: "error", error: { ...error, type: "server_error", param: null } };
    expect(endOf("failed", { error })).toEqual([USED, failed, END]);
    const none = { message: "The provider reported an error.", type: "server_error", param: null, code: null };
    expect(endOf("cancelled", { usage: null })).toEqual([{ kind: "error", error: none }, END]);
  });

  it.each([
    undefined,
    null,
    "none",
    {},
    { output_tokens: 30 },
    { ...USAGE, input_tokens: -5 },
    { ...USAGE, output_tokens: 1.5 },
    { ...USAGE, output_tokens: "30" },
  ])("ignores invalid usage, so that the answer is not free: %j", (usage) => {
    expect(endOf("completed", { usage })).toEqual([finish("stop"), END]);
  });

  it("counts output at least as the total without the input", () => {
    const counts = { input_tokens: 32, output_tokens: 9, total_tokens: 1041 };
    const usage = { ...counts, output_tokens_details: { reasoning_tokens: 1000 } };
    expect(endOf("completed", { usage })[0]).toMatchObject({ usage: { input: 32, output: 1009, reasoning: 1000 } });
  });

  it.each([undefined, null, "many", { cached_tokens: -1, reasoning_tokens: -1 }])(
    "ignores invalid details of the usage: %j",
    (details) => {
      const usage = { ...USAGE, input_tokens_details: details, output_tokens_details: details };
      const counted = { input: 12, cached: 0, cacheWrite: 0, output: 30, reasoning: 0 };
      expect(endOf("completed", { usage })[0]).toMatchObject({ usage: counted });
    },
  );

  it.each([undefined, "resp_1", responseOf({ status: "in_progress" })])(
    "throws without a response that has ended",
    (response) => {
      expect(() => piecesOf("response.completed", { response })).toThrow();
    },
  );
});

describe("an error in a stream", () => {
  const error = { type: "server_error", code: "server_error", message: "It broke.", param: "input" };
  const { type: _, ...fields } = error;

  it("is the same in both shapes, and is not the end, because usage follows", () => {
    expect(piecesOf("error", { error })).toEqual([{ kind: "error", error }]);
    expect(piecesOf("error", fields)).toEqual([{ kind: "error", error }]);
  });

  it.each([{}, { error: {} }, { error: null, message: 7, code: 503 }])("gets the missing fields: %j", (given) => {
    const least = { message: "The provider reported an error.", type: "server_error", param: null, code: null };
    expect(piecesOf("error", given)).toEqual([{ kind: "error", error: least }]);
  });

  it.each(["invalid_prompt", "invalid_image_url", "invalid_base64_image", "image_too_large"])(
    "with the code %s is about the request, in every shape",
    (code) => {
      const about = { type: "invalid_request_error", code, message: "No." };
      expect(piecesOf("error", { code, message: "No." })).toMatchObject([{ error: about }]);
      expect(piecesOf("error", { error: { code, message: "No." } })).toMatchObject([{ error: about }]);
      expect(endOf("failed", { error: { code, message: "No." } })[1]).toMatchObject({ error: about });
    },
  );

  it.each(["server_error", "rate_limit_exceeded", "vector_store_timeout", "invalid_api_key", null])(
    "with the code %s is not about the request",
    (code) => {
      expect(piecesOf("error", { code, message: "No." })).toMatchObject([{ error: { type: "server_error", code } }]);
    },
  );
});
