// The memo: the items of an answer come back in the id of one more item.

import { describe, expect, it } from "vitest";
import { createDecodingCodec } from "../../../../src/core/relay/event-codec.ts";
import { responsesDialect } from "../../../../src/dialects/responses/decode.ts";
import { passResponsesEvents } from "../../../../src/features/responses/codec.ts";
import { needsMemo, resolveReferences, toMemo, withMemo } from "../../../../src/features/responses/memo.ts";
import { recordedResponse, toEvent } from "../../../dialects/support/responses-events.ts";
import { fromUtf8, toUtf8 } from "../../../support/chat-chunks.ts";
import { readEvents } from "../../../support/events.ts";

const AI_SDK = "ai/7.0.173 ai-sdk-provider-utils/5.0.81 node.js/24";

it.each([
  [true, {}, AI_SDK],
  [true, { store: null }, "ai-sdk/openai/2.0.1 runtime/browser"],
  [true, { store: true }, AI_SDK],
  [false, { store: false }, AI_SDK],
  [false, {}, "OpenAI/JS 7.57.0"],
  [false, {}, undefined],
])("is added (%j) to the answer of %j for the client %s", (added, request, userAgent) => {
  expect(needsMemo(request, userAgent)).toBe(added);
});

const THOUGHT = { id: "rs_1", type: "reasoning", summary: [], encrypted_content: "gAAAA" };
const MESSAGE = {
  id: "msg_1",
  type: "message",
  role: "assistant",
  content: [{ type: "output_text", text: "Größe 🌊" }],
};
const refer = (id: unknown) => ({ type: "item_reference", id });
const QUESTION = { role: "user", content: "And now?" };

const inputOf = (...input: unknown[]) => (resolveReferences({ model: "m", input }) as { input: unknown[] }).input;
const encode = (text: string) => `rs_weir_${Buffer.from(text).toString("base64url")}`;

describe("a request", () => {
  const memo = toMemo([THOUGHT, MESSAGE]);

  it.each([
    ["reference to the memo", refer(memo["id"])],
    ["memo itself", memo],
  ])("gets the items of its references from a %s", (_what, sent) => {
    expect(inputOf(refer("rs_1"), refer("msg_1"), sent, QUESTION)).toEqual([THOUGHT, MESSAGE, QUESTION]);
  });

  it("keeps unknown references, and uses an item only once", () => {
    const input = [refer("msg_2"), refer("msg_1"), refer("msg_1"), refer(7), null, "x", memo];
    expect(inputOf(...input)).toEqual([refer("msg_2"), MESSAGE, refer("msg_1"), refer(7), null, "x"]);
  });

  it.each([{ input: "Hi" }, { input: [QUESTION] }, {}, null, "x", [1]])("without a memo is unchanged: %j", (body) => {
    expect(resolveReferences(body)).toBe(body);
  });

  it.each(["rs_weir_", "rs_weir_%", encode("{"), encode("7"), encode('[{"id":1}]')])(
    "ignores a memo that is not valid: %s",
    (id) => {
      const body = { input: [refer(id), refer("msg_1")] };
      expect(resolveReferences(body)).toEqual(body);
    },
  );

  it("ignores a memo that is nested too deeply", () => {
    const body = { input: [refer(encode(`${"[".repeat(50_000)}${"]".repeat(50_000)}`))] };
    expect(resolveReferences(body)).toEqual(body);
  });
});

describe("an answer", () => {
  it("that is whole has the memo as its last item, without log probabilities", () => {
    const content = [{ type: "output_text", text: "Hi", logprobs: [{ token: "Hi" }] }];
    const { output } = JSON.parse(withMemo(JSON.stringify({ id: "resp_1", output: [{ ...MESSAGE, content }] }))) as {
      output: [unknown, { id: string }];
    };
    expect(output[0]).toEqual({ ...MESSAGE, content });
    const [resolved] = (resolveReferences({ input: [refer("msg_1"), output[1]] }) as { input: unknown[] }).input;
    expect(resolved).toEqual({ ...MESSAGE, content: [{ type: "output_text", text: "Hi" }] });
  });

  it("without items has no memo", () => {
    const text = '{"id":"resp_1",  "output":[]}';
    expect(withMemo(text)).toBe(text);
  });

  it("that is streamed has it before the last event, and consecutive numbers", () => {
    const codec = createDecodingCodec(responsesDialect, passResponsesEvents({ memo: true }));
    const recorded = recordedResponse("text");
    codec.push(toUtf8(recorded.map(toEvent).join("")));
    const events = readEvents(fromUtf8(codec.take())).map(({ data }) => JSON.parse(data) as Record<string, unknown>);
    expect(events.map(({ sequence_number: number }) => number)).toEqual(events.map((_, index) => index));
    const [added, done, completed] = events.slice(recorded.length - 1);
    const memo = { type: "reasoning", id: expect.stringMatching(/^rs_weir_/), summary: [] };
    expect(added).toMatchObject({ type: "response.output_item.added", output_index: 2, item: memo });
    expect(done).toMatchObject({ type: "response.output_item.done", output_index: 2, item: memo });
    expect(completed).toMatchObject({ type: "response.completed", response: { output: [{}, {}, memo] } });
  });
});
