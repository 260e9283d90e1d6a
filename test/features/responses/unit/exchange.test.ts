// uses: chat-completions, slim-chat, stored-responses
// A response that comes whole: the same pieces as a stream of it, for /v1 as it is and for /chat as one slim object.

import { describe, expect, it } from "vitest";
import { readResponse } from "../../../../src/dialects/responses/decode.ts";
import { slimResponses } from "../../../../src/features/responses/exchange.ts";
import { bundledModel } from "../../../support/catalog-documents.ts";
import { slimRequest } from "../../../support/chat-requests.ts";
import { refusalOf } from "../../../support/refusals.ts";
import { messageOf, responseOf } from "../../../dialects/support/responses-events.ts";
import { catalogAllowing, EVERYTHING, preparedResponses, STAMP } from "../../../support/responses-requests.ts";
import { prepared } from "../../../support/ways.ts";

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

const wholeOf = (output: Json[], changes: Json = {}) => JSON.stringify(responseOf({ output, ...changes }));
const piecesOf = (output: Json[], changes: Json = {}) => readResponse(wholeOf(output, changes));

const USED = { kind: "usage", usage: { input: 12, cached: 8, cacheWrite: 3, output: 30, reasoning: 16 }, alone: false };
const END = { kind: "end" };
const finish = (how: string) => ({ kind: "finish", finish: how });

const pass = () => preparedResponses();
const slim = () => prepared(slimResponses(slimRequest({ stream: false })), bundledModel("o4-mini"));
const slimOf = (output: Json[], changes: Json = {}): unknown =>
  JSON.parse(
    slim()
      .read(wholeOf(output, changes))
      .conclude({ left: { "tokens/day": 5 }, usd: 0.5 }),
  );

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

const background = () =>
  preparedResponses({ background: true, store: true }, bundledModel("o4-mini"), catalogAllowing(EVERYTHING));

describe("a whole answer over Responses", () => {
  it("for /v1 is what the provider sent, to the letter", () => {
    const body = `${wholeOf([textOf("A weir.")])}  \n`;
    const answer = pass().read(body);
    expect(answer.conclude({ left: {}, usd: 0.5 })).toBe(body);
    expect(answer).not.toHaveProperty("goesOn");
    expect(answer.progress).toMatchObject({ finish: "stop", usage: { input: 12, output: 30 }, outputBytes: 7 });
  });

  it("for /chat is the slim object that Chat Completions becomes, too", () => {
    expect(slimOf([textOf("A weir.")])).toEqual({
      text: "A weir.",
      finish: "stop",
      usage: { input: 12, cached: 8, output: 30, reasoning: 16, usd: 0.5 },
      left: { "tokens/day": 5 },
    });
    expect(slimOf([refusal])).toMatchObject({ text: "I can't.", finish: "refusal" });
    expect(slimOf([called])).toMatchObject({
      text: "",
      finish: "tool_calls",
      tools: [{ id: "call_1", name: "look", arguments: '{"at":1}' }],
    });
  });

  it("for /chat tells what was thought, where the provider does", () => {
    expect(slimOf([summary("First", "Second"), textOf("A weir.")])).toMatchObject({ thinking: "First\n\nSecond" });
    expect(slimOf([summary(), textOf("A weir.")])).not.toHaveProperty("thinking");
  });

  it("for /chat has no tool call that may be cut in the middle", () => {
    expect(slimOf([called], { status: "incomplete" })).not.toHaveProperty("tools");
  });

  it.each([
    ["has not ended", wholeOf([textOf("secret")], { status: "in_progress" })],
    ["is a chat completion", '{"choices":[{"message":{"content":"secret"}}]}'],
    ["is null", "null"],
    ["is a page", "<html>secret</html>"],
    ["is cut off", wholeOf([textOf("secret")]).slice(0, -20)],
    ["is empty", ""],
  ])("that %s is the provider's error", async (_what, body) => {
    for (const exchange of [pass(), slim()]) {
      const error = await refusalOf(() => exchange.read(body));
      expect(error).toMatchObject({ status: 502, body: { code: "provider_error" } });
      expect(error.body.message).not.toContain("secret");
    }
  });

  const metadata = { weir_user: STAMP.owner, weir_lease: STAMP.lease };

  it.each(["queued", "in_progress"])("that is %s goes on without a caller who asked for that", async (status) => {
    const body = wholeOf([], { status, usage: null, metadata });
    const answer = background().read(body);
    expect(answer.goesOn).toBe(body);
    expect(answer.progress).toMatchObject({ outputBytes: 0, ended: false });
    expect(await refusalOf(() => pass().read(body))).toMatchObject({ status: 502 });
    expect(await refusalOf(() => background().read(wholeOf([], { status })))).toMatchObject({ status: 502 });
  });

  it("in the background that has ended at once is like any other", () => {
    const answer = background().read(wholeOf([textOf("A weir.")], { metadata }));
    expect(answer).not.toHaveProperty("goesOn");
    expect(answer.progress).toMatchObject({ finish: "stop", ended: true });
  });
});
