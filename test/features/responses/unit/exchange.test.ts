// uses: chat-completions, slim-chat, stored-responses
// Whole answers over Responses: unchanged for /v1, one slim object for /chat.

import { describe, expect, it } from "vitest";
import { slimResponses } from "../../../../src/features/responses/exchange.ts";
import { bundledModel } from "../../../support/catalog-documents.ts";
import { slimRequest } from "../../slim-chat/support/slim-requests.ts";
import { refusalOf } from "../../../support/refusals.ts";
import { messageOf, responseOf } from "../../../dialects/support/responses-events.ts";
import { catalogAllowing, EVERYTHING } from "../../../dialects/support/responses-requests.ts";
import { preparedResponses, STAMP, writtenResponses } from "../support/responses-exchanges.ts";
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

const wholeOf = (output: Json[], changes: Json = {}) => JSON.stringify(responseOf({ output, ...changes }));

const pass = () => preparedResponses();
const slim = () => prepared(slimResponses(slimRequest({ stream: false })), bundledModel("o4-mini"));
const slimOf = (output: Json[], changes: Json = {}): unknown =>
  JSON.parse(
    slim()
      .read(wholeOf(output, changes))
      .conclude({ left: { "tokens/day": 5 }, usd: 0.5 }),
  );

const background = () =>
  preparedResponses({ background: true, store: true }, bundledModel("o4-mini"), catalogAllowing(EVERYTHING));

describe("a request to /v1/responses", () => {
  it("asks a model that reasons for its encrypted reasoning, unless it is stored", () => {
    const thoughts = "reasoning.encrypted_content";
    expect(writtenResponses().include).toEqual([thoughts]);
    expect(writtenResponses({ include: [thoughts] }).include).toEqual([thoughts]);
    const plain = { ...bundledModel("o4-mini"), card: { ...bundledModel("o4-mini").card, reasoning: undefined } };
    expect(writtenResponses({}, plain)).not.toHaveProperty("include");
    expect(writtenResponses({ store: true }, plain, catalogAllowing(EVERYTHING))).not.toHaveProperty("include");
    const stored = writtenResponses({ store: true }, bundledModel("o4-mini"), catalogAllowing(EVERYTHING));
    expect(stored).not.toHaveProperty("include");
  });
});

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
