// uses: slim-chat
// The judge's request and verdict in both dialects of the provider, streamed and complete.

import { describe, expect, it } from "vitest";
import { createDecodingCodec } from "../../../../src/core/relay/event-codec.ts";
import { judgeWays } from "../../../../src/features/moderation/judge-exchange.ts";
import { toVerdict } from "../../../../src/features/moderation/verdict.ts";
import { bundledCatalog, bundledModel } from "../../../support/catalog-documents.ts";
import { fromUtf8, toUtf8 } from "../../../support/chat-chunks.ts";
import { readEvents } from "../../../support/events.ts";
import { SLIM_FORMS } from "../support/gated-forms.ts";
import { judgement, policyOf, resultOf } from "../support/policies.ts";

const POLICY = policyOf({ rules: { spam: "No advertising.", off: "Stay with rivers." }, otherwise: "review" });
const MODEL = bundledModel("o4-mini");
const SETTLED = { left: { "tokens/day": 7 }, usd: 0.25 };
const ALLOWED = judgement({ spam: "allow", off: "allow" });
const SUMMARY = { usage: { input: 3, cached: 0, output: 4, reasoning: 0, usd: 0.25 }, left: SETTLED.left };
const BROKEN_OFF = { message: "It broke off.", type: "server_error", param: null, code: "provider_error" };

/** The exchange in one dialect. `scores` is the classifier's result. */
function exchangeOf(at: number, stream: boolean, scores: object = {}, model = MODEL) {
  const verdict = toVerdict(resultOf({ ...scores }), POLICY);
  const way = judgeWays(POLICY, { text: "Hi", images: [] }, stream, () => verdict)[at];
  if (!way) throw new Error("there is no such dialect");
  return way.prepare(model, bundledCatalog());
}

function codecOf(at: number, scores: object = {}) {
  const { reply } = exchangeOf(at, true, scores);
  if (reply.kind !== "stream") throw new Error("the judge does not stream");
  return createDecodingCodec(reply.dialect, reply.events);
}

function wholeOf(at: number, body: object, scores: object = {}): unknown {
  const { reply } = exchangeOf(at, false, scores);
  if (reply.kind !== "json") throw new Error("the judge streams");
  return JSON.parse(reply.read(JSON.stringify(body)).conclude(SETTLED));
}

const toJson = (bytes: Uint8Array) =>
  readEvents(fromUtf8(bytes)).map(({ name, data }) => [name, JSON.parse(data)] as [string, unknown]);
const allowed = (name: string) => ({ name, action: "allow", quote: "", why: "So." });

describe.each(SLIM_FORMS.map(([name, form], at) => [name, form, at] as const))(
  "a streamed verdict over %s",
  (_name, form, at) => {
    /** The events for the judge's words, and the codec. */
    function pushed(words: string[], scores: object = {}, end = form.end) {
      const codec = codecOf(at, scores);
      const sent = [...form.begin, ...form.say(words), ...end].flatMap((event) => {
        codec.push(toUtf8(event));
        return toJson(codec.take());
      });
      return { codec, sent };
    }

    it("has one event for each rule, and then the severest action", () => {
      const { codec, sent } = pushed([ALLOWED], { violence: 0.97 });
      expect(sent).toEqual([
        ["rule", allowed("spam")],
        ["rule", allowed("off")],
      ]);
      expect(toJson(codec.conclude(SETTLED))).toEqual([["done", { action: "review", flagged: true, ...SUMMARY }]]);
      expect(toJson(pushed([ALLOWED]).codec.conclude(SETTLED))).toEqual([
        ["done", { action: "allow", flagged: false, ...SUMMARY }],
      ]);
      const blocking = pushed([judgement({ spam: "block", off: "allow" })], { violence: 0.97 });
      expect(toJson(blocking.codec.conclude(SETTLED))).toMatchObject([["done", { action: "block" }]]);
    });

    it.each([
      ["allow", "review"],
      ["block", "block"],
    ])("that is interrupted after %s ends with %s and the error", (action, last) => {
      const done = { action: last, flagged: false, error: BROKEN_OFF };
      for (const end of [[], form.end]) {
        const { codec } = pushed([judgement({ spam: action, off: "allow" })], {}, end);
        expect(toJson(codec.fail(BROKEN_OFF) ?? new Uint8Array())).toEqual([["done", done]]);
      }
    });

    it("that is cut at any byte has the first rules, and never allows", () => {
      const words = judgement({ spam: "allow", off: "block" }, '🌊 "so"');
      const bytes = toUtf8([...form.begin, ...form.say(words.match(/.{1,40}/gu) ?? [])].join(""));
      const { sent: whole } = pushed([words]);
      for (let end = 0; end <= bytes.length; end++) {
        const codec = codecOf(at);
        codec.push(bytes.subarray(0, end));
        const sent = toJson(codec.take());
        expect(sent).toEqual(whole.slice(0, sent.length));
        const action = sent.length === whole.length ? "block" : "review";
        expect(toJson(codec.conclude(SETTLED))).toMatchObject([["done", { action }]]);
      }
    });

    it("is not moderated, and its judge need not be in the plan", () => {
      expect(exchangeOf(at, true).ask).toMatchObject({ subject: undefined, chosenByCatalog: true });
    });

    it("sends the alias's effort to the judge, and neither its instructions nor its limit", () => {
      const fixed = { ...MODEL.fixed, instructions: "Speak as the river.", max_output_tokens: 20, effort: "low" };
      const { ask } = exchangeOf(at, true, {}, { ...MODEL, fixed });
      const plain = exchangeOf(at, true).ask;
      expect(ask.demand).toEqual(plain.demand);
      const written = (each: typeof ask) => JSON.parse(each.write({ maxOutputTokens: 500 }).body as string) as object;
      const effort = at === 0 ? { reasoning_effort: "low" } : { reasoning: { effort: "low" } };
      expect(written(ask)).toEqual({ ...written(plain), ...effort });
    });
  },
);

const chatAnswer = (content: string) => ({
  choices: [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }],
  usage: { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 },
});
const responsesAnswer = (content: string) => ({
  status: "completed",
  output: [{ type: "message", content: [{ type: "output_text", text: content }] }],
  usage: { input_tokens: 3, output_tokens: 4, total_tokens: 7 },
});

describe("a complete verdict", () => {
  it.each([
    ["Chat Completions", 0, chatAnswer],
    ["Responses", 1, responsesAnswer],
  ] as const)("over %s has the same fields as a stream", (_name, at, write) => {
    expect(wholeOf(at, write(ALLOWED), { violence: 0.97 })).toEqual({
      action: "review",
      flagged: true,
      categories: [{ name: "violence", score: 0.97, action: "review" }],
      rules: [allowed("spam"), allowed("off")],
      ...SUMMARY,
    });
    expect(wholeOf(at, write("No."))).toMatchObject({ action: "review", rules: [] });
    expect(wholeOf(at, write(judgement({ spam: "block" })))).toMatchObject({ action: "block" });
  });
});
