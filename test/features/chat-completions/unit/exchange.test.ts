// uses: responses, slim-chat
// Whole and streamed answers over Chat Completions: unchanged for /v1, one slim object for /chat.

import { describe, expect, it } from "vitest";
import { passChat, slimChat } from "../../../../src/features/chat-completions/exchange.ts";
import { bundledModel } from "../../../support/catalog-documents.ts";
import { DONE, fromUtf8, textChunk, toUtf8, usageChunk } from "../../../support/chat-chunks.ts";
import { chatRequest } from "../../../dialects/support/chat-requests.ts";
import { slimRequest } from "../../slim-chat/support/slim-requests.ts";
import { refusalOf } from "../../../support/refusals.ts";
import { prepared } from "../../../support/ways.ts";

const MODEL = bundledModel("o4-mini");
const USAGE = {
  prompt_tokens: 12,
  completion_tokens: 30,
  total_tokens: 42,
  completion_tokens_details: { reasoning_tokens: 16 },
};
const pass = () => prepared(passChat(chatRequest()), MODEL);
const slim = () => prepared(slimChat(slimRequest({ stream: false })), MODEL);

const completion = (message: Record<string, unknown>, finish_reason: string | null = "stop", usage: unknown = USAGE) =>
  JSON.stringify({
    id: "chatcmpl-1",
    object: "chat.completion",
    choices: [{ index: 0, message: { role: "assistant", content: null, refusal: null, ...message }, finish_reason }],
    usage,
  });
const slimOf = (body: string): unknown =>
  JSON.parse(
    slim()
      .read(body)
      .conclude({ left: { "tokens/day": 19_958 }, usd: 0.000145 }),
  );

const call = (id: string, args: string) => ({ id, type: "function", function: { name: "look", arguments: args } });

const asking = (stream_options: unknown) => prepared(passChat(chatRequest({ stream: true, stream_options })), MODEL);
/** What a caller gets of a streamed answer. */
const streamed = (exchange: ReturnType<typeof pass>) => {
  const codec = exchange.codec(false);
  codec.push(toUtf8(textChunk("Hi") + usageChunk(1, 2) + DONE));
  return fromUtf8(codec.take());
};

describe("a whole answer", () => {
  it("for /v1 is what the provider sent, to the letter", () => {
    const body = `${completion({ content: "A weir." })}  \n`;
    const answer = pass().read(body);
    expect(answer.conclude({ left: { "tokens/day": 1 }, usd: 0.5 })).toBe(body);
    expect(answer.progress).toMatchObject({
      finish: "stop",
      usage: { input: 12, output: 30, reasoning: 16 },
      outputBytes: 7,
    });
  });

  it("for /chat is its text, why it stopped, what it used and what is left", () => {
    expect(slimOf(completion({ content: "A weir." }, "length"))).toEqual({
      text: "A weir.",
      finish: "length",
      usage: { input: 12, cached: 0, output: 30, reasoning: 16, usd: 0.000145 },
      left: { "tokens/day": 19_958 },
    });
  });

  it("for /chat has its tool calls in order, in the form in which they are sent back", () => {
    expect(
      slimOf(completion({ tool_calls: [call("call_1", '{"at":1}'), call("call_2", "{}")] }, "tool_calls")),
    ).toMatchObject({
      text: "",
      finish: "tool_calls",
      tools: [
        { id: "call_1", name: "look", arguments: '{"at":1}' },
        { id: "call_2", name: "look", arguments: "{}" },
      ],
    });
  });

  it("for /chat has a refusal as its text, and says that it is one", () => {
    const refusal = slimOf(completion({ refusal: "I can't help with that." }));
    expect(refusal).toMatchObject({ text: "I can't help with that.", finish: "refusal" });
    expect(refusal).not.toHaveProperty("tools");
  });

  it("without usage says what it cost, and no counts", () => {
    expect(slimOf(completion({ content: "A weir." }, "stop", null))).toMatchObject({ usage: { usd: 0.000145 } });
    expect(slimOf(completion({ content: "A weir." }, "stop", null))).not.toHaveProperty("usage.output");
  });

  it.each([
    ["has no reason to stop", completion({ content: "A we" }, null)],
    ["has no choices", JSON.stringify({ choices: [], usage: USAGE })],
    ["is a page", "<html>secret</html>"],
    ["is cut off", completion({ content: "secret" }).slice(0, -20)],
    ["is empty", ""],
  ])("that %s is the provider's error", async (_what, body) => {
    for (const exchange of [pass(), slim()]) {
      const error = await refusalOf(() => exchange.read(body));
      expect(error).toMatchObject({ status: 502, body: { code: "provider_error" } });
      expect(error.body.message).not.toContain("secret");
    }
  });

  it("that is an error after all is known as one", () => {
    const body = JSON.stringify({ error: { message: "It broke." } });
    for (const exchange of [pass(), slim()]) {
      expect(exchange.read(body).progress).toMatchObject({ error: { message: "It broke." }, ended: true });
    }
  });
});

describe("a streamed answer", () => {
  it("for /v1 has the usage chunk only for a caller who asked for it", () => {
    // With it, nothing has to be taken out.
    expect(asking({ include_usage: true }).codec(false).pace).toBe("native");
    for (const options of [undefined, null, {}, { include_usage: false }]) {
      expect(streamed(asking(options))).toBe(textChunk("Hi") + DONE);
      expect(asking(options).codec(false).pace).toBe("at once");
    }
  });
});
