// The Responses decoder for whole answers: the same pieces as the stream.

import { describe, expect, it } from "vitest";
import { responsesDialect } from "../../../../src/dialects/responses/decode.ts";
import type { Json } from "../../support/responses-events.ts";
import { messageOf, responseOf } from "../../support/responses-events.ts";

const textOf = (text: string) => messageOf({ type: "output_text", text, annotations: [] });
const decodeWhole = (text: string) => responsesDialect.decodeWhole(text);
const piecesOf = (output: Json[], changes: Json = {}) =>
  decodeWhole(JSON.stringify(responseOf({ output, ...changes }))).pieces;

const USED = { kind: "usage", usage: { input: 12, cached: 8, cacheWrite: 3, output: 30, reasoning: 16 }, alone: false };
const END = { kind: "end" };
const finish = (how: string) => ({ kind: "finish", finish: how });

describe("a whole response", () => {
  it("has its reasoning, calls, text and end in order, and its JSON", () => {
    const summary = ["First", "Second"].map((text) => ({ type: "summary_text", text }));
    const body = responseOf({
      output: [
        { type: "reasoning", encrypted_content: "gAAA", summary },
        { type: "web_search_call", status: "completed" },
        textOf("A weir."),
        { type: "function_call", call_id: "call_1", name: "look", arguments: '{"at":1}' },
        { type: "custom_tool_call", call_id: "call_2", name: "say", input: "hello" },
      ],
    });
    const { pieces, json } = decodeWhole(JSON.stringify(body));
    expect(json).toEqual(body);
    expect(pieces).toEqual([
      { kind: "thinking", text: "First\n\nSecond" },
      { kind: "provider_tool_call" },
      { kind: "text", text: "A weir." },
      { kind: "tool", index: 3, id: "call_1", name: "look", arguments: '{"at":1}' },
      { kind: "tool", index: 4, id: "call_2", name: "say", arguments: "hello" },
      USED,
      finish("tool_calls"),
      END,
    ]);
  });

  it("has a refusal before its end", () => {
    const said = { kind: "text", text: "I can't." };
    expect(piecesOf([messageOf({ type: "refusal", refusal: "I can't." })])).toEqual([
      said,
      finish("refusal"),
      USED,
      finish("stop"),
      END,
    ]);
  });

  it.each(["failed", "cancelled"])("that is %s has the error and the usage", (status) => {
    const error = { code: "server_error", message: "It broke." };
    expect(piecesOf([], { status, error })).toMatchObject([USED, { kind: "error", error }, END]);
  });

  it("has no pieces for unknown items and parts", () => {
    const odd = [{ type: "something_new", content: [{ type: "text", text: "secret" }] }, { type: "reasoning" }];
    expect(piecesOf([...odd, messageOf({ type: "output_audio" })])).toEqual([USED, finish("stop"), END]);
  });

  it.each(["queued", "in_progress", "an unknown status"])("that has not ended throws: %s", (status) => {
    expect(() => piecesOf([], { status })).toThrow(status);
  });

  it.each(["", "<html>", "null", "{}", "[]", '{"status":7}'])("of another format throws: %j", (text) => {
    expect(() => decodeWhole(text)).toThrow();
  });
});
