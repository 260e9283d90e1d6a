// A whole Responses answer as pieces: the same pieces as a stream of it.

import { describe, expect, it } from "vitest";
import { readResponse } from "../../../../src/dialects/responses/decode.ts";
import { messageOf, responseOf } from "../../support/responses-events.ts";

type Json = Record<string, unknown>;

const textOf = (text: string) => messageOf({ type: "output_text", text, annotations: [] });
const refusal = messageOf({ type: "refusal", refusal: "I can't." });
const summary = (...texts: string[]) => ({
  type: "reasoning",
  encrypted_content: "gAAA",
  summary: texts.map((text) => ({ type: "summary_text", text })),
});
const called = { type: "function_call", call_id: "call_1", name: "look", arguments: '{"at":1}' };
const said = { type: "custom_tool_call", call_id: "call_2", name: "say", input: "hello" };
const piecesOf = (output: Json[], changes: Json = {}) =>
  readResponse(JSON.stringify(responseOf({ output, ...changes })));

const USED = { kind: "usage", usage: { input: 12, cached: 8, cacheWrite: 3, output: 30, reasoning: 16 }, alone: false };
const END = { kind: "end" };
const finish = (how: string) => ({ kind: "finish", finish: how });

describe("a whole response", () => {
  it("has its thoughts, its calls, its text and its end in the order in which they came", () => {
    const search = { type: "web_search_call", status: "completed" };
    expect(piecesOf([summary("First", "Second"), search, textOf("A weir."), called, said])).toEqual([
      { kind: "thinking", text: "First\n\nSecond" },
      { kind: "hosted call" },
      { kind: "text", text: "A weir." },
      { kind: "tool", index: 3, id: "call_1", name: "look", arguments: '{"at":1}' },
      { kind: "tool", index: 4, id: "call_2", name: "say", arguments: "hello" },
      USED,
      finish("tool_calls"),
      END,
    ]);
  });

  it("that is a refusal says so before that it stopped", () => {
    expect(piecesOf([refusal])).toEqual([
      { kind: "text", text: "I can't." },
      finish("refusal"),
      USED,
      finish("stop"),
      END,
    ]);
  });

  it.each([
    [{ reason: "max_output_tokens" }, "length"],
    [{ reason: "content_filter" }, "content_filter"],
  ])("that was cut short by %j finishes with %s", (incomplete_details, how) => {
    expect(piecesOf([textOf("A we")], { status: "incomplete", incomplete_details })).toEqual([
      { kind: "text", text: "A we" },
      USED,
      finish(how),
      END,
    ]);
  });

  it.each(["failed", "cancelled"])("that %s is an error, with what it used", (status) => {
    const error = { code: "server_error", message: "It broke." };
    expect(piecesOf([], { status, error })).toMatchObject([USED, { kind: "error", error }, END]);
  });

  it("with usage that cannot be read has none", () => {
    expect(piecesOf([textOf("Hi")], { usage: { input_tokens: "12" } })).toEqual([
      { kind: "text", text: "Hi" },
      finish("stop"),
      END,
    ]);
  });

  it("leaves out the items and parts that nobody here knows", () => {
    const odd = [{ type: "something_new", content: [{ type: "text", text: "secret" }] }, { type: "reasoning" }];
    expect(piecesOf([...odd, messageOf({ type: "output_audio" })])).toEqual([USED, finish("stop"), END]);
  });

  it.each(["queued", "in_progress", "a status of next year"])("that is %s has not ended, and is refused", (status) => {
    expect(() => piecesOf([], { status })).toThrow(status);
  });

  it.each(["", "<html>", "null", "{}", "[]", '{"status":7}'])("that is none is refused: %j", (text) => {
    expect(() => readResponse(text)).toThrow();
  });
});
