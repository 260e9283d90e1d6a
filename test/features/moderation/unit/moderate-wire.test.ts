// uses: chat-completions, responses, slim-chat
// /moderate: what may be sent, and the same verdicts in whatever dialect the judging model answers.

import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { isList, judgeWays, ModerateRequest, subjectsOf } from "../../../../src/features/moderation/moderate-wire.ts";
import { toVerdict } from "../../../../src/features/moderation/verdict.ts";
import { bundledModel } from "../../../support/catalog-documents.ts";
import { fromUtf8, toUtf8 } from "../../../support/chat-chunks.ts";
import { readEvents } from "../../../support/events.ts";
import { GATED_FORMS } from "../support/gated-forms.ts";
import { judgement, policyOf, resultOf } from "../support/policies.ts";
import { prepared } from "../../../support/ways.ts";

const request = (input: unknown) => v.parse(ModerateRequest, { input });
const isTaken = (input: unknown) => v.safeParse(ModerateRequest, { input }).success;
const picture = (url = "https://pictures.test/1.png") => ({ type: "image", url });
const text = (words: string) => ({ type: "text", text: words });

describe("what is sent", () => {
  it.each<[string, unknown]>([
    ["a text and a part", ["Hi", text("Hi")]],
    ["a part and a text", [picture(), "Hi"]],
    ["nothing", []],
    ["33 texts", Array.from({ length: 33 }, () => "Hi")],
    ["33 parts", Array.from({ length: 33 }, () => text("Hi"))],
    ["a list in a list", [["Hi"]]],
    ["a number", 7],
    ["null in a list", [null]],
    ["a part of another type", [{ type: "audio", url: "https://pictures.test/1.mp3" }]],
    ["a part with another field", [{ ...text("Hi"), role: "user" }]],
    ["a picture over plain http", [picture("http://pictures.test/1.png")]],
    ["a picture without a URL", [{ type: "image" }]],
  ])("is refused as %s", (_what, input) => {
    expect(isTaken(input)).toBe(false);
  });

  it.each<[string, unknown]>([
    ["a text", "Hi"],
    ["32 texts", Array.from({ length: 32 }, () => "Hi")],
    ["parts", [text("Hi"), picture(), picture("data:image/png;base64,AA")]],
  ])("may be %s", (_what, input) => {
    expect(isTaken(input)).toBe(true);
  });

  it("has a policy and no stream where it says nothing, and no other field", () => {
    expect(request("Hi")).toEqual({ input: "Hi", policy: "default", stream: false });
    expect(v.safeParse(ModerateRequest, { input: "Hi", model: "o4-mini" }).success).toBe(false);
  });

  it("is one thing as a text or parts, and many as texts, even a single one", () => {
    const inputs = ["Hi", [text("Hi"), picture()], ["Hi"], ["Hi", "Ho"]];
    expect(inputs.map((input) => isList(request(input)))).toEqual([false, false, true, true]);
    expect(inputs.map((input) => subjectsOf(request(input)))).toEqual([
      [{ text: "Hi", images: [] }],
      [{ text: "Hi", images: ["https://pictures.test/1.png"] }],
      [{ text: "Hi", images: [] }],
      [
        { text: "Hi", images: [] },
        { text: "Ho", images: [] },
      ],
    ]);
    expect(subjectsOf(request([picture()]))).toEqual([{ text: "", images: ["https://pictures.test/1.png"] }]);
    expect(subjectsOf(request([text("Hi"), text("Ho")]))).toEqual([{ text: "Hi\nHo", images: [] }]);
  });
});

const POLICY = policyOf({ rules: { spam: "No advertising.", off: "Stay with rivers." }, otherwise: "review" });
const MODEL = bundledModel("o4-mini");
const SETTLED = { left: { "tokens/day": 7 }, usd: 0.25 };
const SAID = judgement({ spam: "allow", off: "allow" });
const LAST = { usage: { input: 3, cached: 0, output: 4, reasoning: 0, usd: 0.25 }, left: SETTLED.left };

/** Both dialects, each with how the judge's words are written in it. */
const DIALECTS = [
  { name: "chat", form: GATED_FORMS["slim over chat"], at: 0 },
  { name: "responses", form: GATED_FORMS["responses"], at: 1 },
].flatMap(({ name, form, at }) => (form ? [[name, form, at] as const] : []));

const NOBODY = () => toVerdict(resultOf(), POLICY);

const exchangeOf = (at: number, scores: object = {}) => {
  const verdict = toVerdict(resultOf({ ...scores }), POLICY);
  const way = judgeWays(POLICY, { text: "Hi", images: [] }, true, () => verdict)[at];
  if (!way) throw new Error("no such dialect");
  return prepared(way, MODEL);
};
const toJson = (bytes: Uint8Array) =>
  readEvents(fromUtf8(bytes)).map(({ name, data }) => [name, JSON.parse(data)] as [string, unknown]);

const rule = (name: string, action = "allow") => ["rule", { name, action, quote: "", why: "So." }];

describe.each(DIALECTS)("a streamed verdict over %s", (_name, form, at) => {
  /** A codec that was pushed those words of the judge. */
  function pushed(words: string[], scores: object = {}, whole = true) {
    const codec = exchangeOf(at, scores).codec(false);
    const events = [...form.begin, ...form.say(words), ...(whole ? form.end : [])];
    const told = events.flatMap((event) => {
      codec.push(toUtf8(event));
      return toJson(codec.take());
    });
    return { codec, told };
  }

  it("tells each rule as it comes, and the verdict on all last, however it was cut", () => {
    for (const words of [[SAID], SAID.split("")]) {
      const { codec, told } = pushed(words, { violence: 0.97 });
      expect(told).toEqual([rule("spam"), rule("off")]);
      expect(toJson(codec.conclude(SETTLED))).toEqual([["done", { action: "review", flagged: true, ...LAST }]]);
    }
  });

  it("allows where classifier and judge do, and is the severest of both otherwise", () => {
    const [done] = toJson(pushed([SAID]).codec.conclude(SETTLED));
    expect(done).toEqual(["done", { action: "allow", flagged: false, ...LAST }]);
    const { codec } = pushed([judgement({ spam: "block", off: "allow" })], { violence: 0.97 });
    expect(toJson(codec.conclude(SETTLED))).toMatchObject([["done", { action: "block" }]]);
  });

  it.each([
    ["allow", "review"],
    ["review", "review"],
    ["block", "block"],
  ])("that breaks off after %s ends in done with %s, and the error", (action, last) => {
    const { codec } = pushed([judgement({ spam: action, off: "allow" })], {}, false);
    const error = { message: "It broke off.", type: "server_error", param: null, code: "provider_error" };
    expect(toJson(codec.fail(error))).toEqual([["done", { action: last, flagged: false, error }]]);
  });

  it("that is cut at any byte has told a part of the same, and never allows", () => {
    const said = judgement({ spam: "allow", off: "block" }, '🌊 "so"');
    for (const words of [said, SAID]) {
      const bytes = toUtf8([...form.begin, ...form.say(words.match(/.{1,40}/gu) ?? [])].join(""));
      const whole = pushed([words]).told;
      for (let end = 0; end <= bytes.length; end++) {
        const codec = exchangeOf(at).codec(false);
        codec.push(bytes.subarray(0, end));
        const told = toJson(codec.take());
        expect(told).toEqual(whole.slice(0, told.length));
        const action = told.length === whole.length && words === said ? "block" : "review";
        const error = { message: "It broke off.", type: "server_error", param: null, code: "provider_error" };
        expect(toJson(codec.fail(error))).toMatchObject([["done", { action }]]);
        expect(toJson(codec.conclude(SETTLED))).toMatchObject([["done", { action }]]);
      }
    }
  }, 30_000);

  it("of a judge that refuses is a review", () => {
    const { codec, told } = pushed(["I'm sorry, I can't ", "assist with that."]);
    expect(told).toEqual([]);
    expect(toJson(codec.conclude(SETTLED))).toMatchObject([["done", { action: "review" }]]);
  });

  it("is internal, so that no gate moderates it", () => {
    expect(exchangeOf(at).isOurs).toBe(true);
  });
});

describe("a judge whose alias fixes things for chats", () => {
  it.each(["chat", "responses"])("is told of them only how hard to think, over %s", (name) => {
    const fixed = { instructions: "Speak as the river.", max_output_tokens: 20, effort: "low" };
    const way = judgeWays(POLICY, { text: "Hi", images: [] }, true, NOBODY)[name === "chat" ? 0 : 1];
    if (!way) throw new Error("no such dialect");
    const exchange = prepared(way, { ...MODEL, fixed: { ...MODEL.fixed, ...fixed } });
    const plain = prepared(way, MODEL);
    expect(exchange.demand).toEqual(plain.demand);
    const effort = name === "chat" ? { reasoning_effort: "low" } : { reasoning: { effort: "low" } };
    expect(JSON.parse(exchange.write(500))).toEqual({ ...(JSON.parse(plain.write(500)) as object), ...effort });
  });
});

const chatAnswer = (content: string) =>
  JSON.stringify({
    choices: [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }],
    usage: { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 },
  });
const responsesAnswer = (content: string) =>
  JSON.stringify({
    status: "completed",
    output: [{ type: "message", content: [{ type: "output_text", text: content }] }],
    usage: { input_tokens: 3, output_tokens: 4, total_tokens: 7 },
  });
const wholeOf = (at: number, body: string, scores = {}): unknown =>
  JSON.parse(exchangeOf(at, scores).read(body).conclude(SETTLED));

describe("a whole verdict", () => {
  it.each([
    ["chat", 0, chatAnswer],
    ["responses", 1, responsesAnswer],
  ] as const)("over %s has all that a stream tells", (_name, at, write) => {
    expect(wholeOf(at, write(SAID), { violence: 0.97 })).toEqual({
      action: "review",
      flagged: true,
      categories: [{ name: "violence", score: 0.97, action: "review" }],
      rules: ["spam", "off"].map((name) => ({ name, action: "allow", quote: "", why: "So." })),
      ...LAST,
    });
    expect(wholeOf(at, write("No."))).toMatchObject({ action: "review", rules: [] });
    expect(wholeOf(at, write(judgement({ spam: "block" })))).toMatchObject({ action: "block" });
  });
});
