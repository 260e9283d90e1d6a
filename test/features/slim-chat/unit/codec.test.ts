// The slim wire format: text as JSON strings, complete tool calls, and one final `done` or `failed`.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { apiError } from "../../../../src/core/errors.ts";
import type { CreateEventCodec } from "../../../../src/core/relay/codec.ts";
import { createDecodingCodec } from "../../../../src/core/relay/event-codec.ts";
import { endingOf } from "../../../../src/core/relay/pump.ts";
import { chatDialect } from "../../../../src/dialects/chat-completions/decode.ts";
import { responsesDialect } from "../../../../src/dialects/responses/decode.ts";
import { slimEvents } from "../../../../src/features/slim-chat/codec.ts";
import { recordedResponse, toEvent } from "../../../dialects/support/responses-events.ts";
import { chunk, DONE, finishChunk, fromUtf8, textChunk, toUtf8, usageChunk } from "../../../support/chat-chunks.ts";
import { readSlim, slimText } from "../../../support/slim-stream.ts";

const NEW_IDS = ["call_new1", "call_new2"];
const events: CreateEventCodec = (progress) => {
  const ids = [...NEW_IDS];
  return slimEvents(
    (param) => (param === "messages" ? "input" : null),
    () => ids.shift() ?? "none",
  )(progress);
};
const createCodec = (dialect = chatDialect) => createDecodingCodec(dialect, events);

const toolChunk = (index: number, args: string, id?: string, name?: string) =>
  chunk({ tool_calls: [{ index, ...(id ? { id } : {}), function: { ...(name ? { name } : {}), arguments: args } }] });

/** A codec that has read these events, and its output. */
function slim(...read: string[]) {
  const codec = createCodec();
  codec.push(toUtf8(read.join("")));
  return { codec, sent: fromUtf8(codec.take()) };
}

const toolsOf = (...calls: string[]) =>
  readSlim(toUtf8(slim(...calls, finishChunk("tool_calls")).sent)).map(({ data }) => data);

describe("text", () => {
  it("is a JSON string with all text of one read, sent once and coalesced", () => {
    const { codec, sent } = slim(textChunk("Hel"), textChunk("lo"));
    expect(sent).toBe('data:"Hello"\n\n');
    expect(codec.take()).toHaveLength(0);
    codec.push(toUtf8(textChunk("!")));
    expect(fromUtf8(codec.take())).toBe('data:"!"\n\n');
    expect(codec.pace).toBe("coalesced");
  });

  it.each([
    "\n\ndata: x\n\n",
    "\r\r",
    "\r\n\r\nevent:failed\r\n",
    ": comment\n\n",
    '"}\n\n',
    "\u2028\u2029\u0085\u0000",
  ])("cannot leave its JSON string: %j", (text) => {
    const { sent } = slim(textChunk(text));
    expect(readSlim(toUtf8(sent))).toEqual([{ name: "text", data: text }]);
    expect(sent.split(/\r\n|[\n\r\u2028\u2029\u0085]/)).toHaveLength(3);
  });

  it("has its line separators escaped in every event", () => {
    const ends = "\u2028\u2029\u0085";
    const { codec, sent } = slim(textChunk(ends), toolChunk(0, ends, ends, ends), finishChunk("tool_calls"));
    const { body } = apiError("provider_error", ends);
    const all = sent + fromUtf8(codec.fail(body) ?? toUtf8(""));
    expect(all).not.toMatch(/[\u2028\u2029\u0085]/);
    expect(all.startsWith('data:"\\u2028\\u2029\\u0085"\n\n')).toBe(true);
    expect(readSlim(toUtf8(all))[1]).toEqual({ name: "tool", data: { id: ends, name: ends, arguments: ends } });
  });

  it("holds half a character until its other half comes", () => {
    const { codec, sent } = slim(textChunk("So \ud83d"));
    expect(sent).toBe('data:"So "\n\n');
    codec.push(toUtf8(textChunk("\ude0a!")));
    expect(fromUtf8(codec.take())).toBe('data:"😊!"\n\n');
    codec.push(toUtf8(textChunk("\ud83d")));
    expect(codec.take()).toHaveLength(0);
  });

  it("sends half a character escaped when the end comes, or another text", () => {
    const { codec } = slim(textChunk("\ud83d"));
    expect(fromUtf8(codec.conclude({ left: {}, usd: 0 }))).toMatch(/^data:"\\ud83d"\n\nevent:done\n/);
    const { codec: failed } = slim(textChunk("\ud83d"), textChunk("no"), textChunk("\ud83d"));
    const { body } = apiError("provider_error", "It broke.");
    expect(fromUtf8(failed.fail(body) ?? toUtf8(""))).toMatch(/^data:"\\ud83d"\n\nevent:failed\n/);
  });

  it("is never changed", () => {
    const special = fc.constantFrom("\ud83d", "\ude0a", "\u2028", "\n", "\r", '"', "\\", "data:", "event:done", ":");
    const unit = fc.oneof(special, fc.string({ unit: "binary", minLength: 1, maxLength: 1 }));
    const property = fc.property(fc.array(fc.string({ unit })), (texts) => {
      const codec = createCodec();
      const sent = texts.map((text) => {
        codec.push(toUtf8(textChunk(text)));
        return fromUtf8(codec.take());
      });
      sent.push(fromUtf8(codec.conclude({ left: {}, usd: 0 })));
      expect(slimText(readSlim(toUtf8(sent.join(""))))).toBe(texts.join(""));
      // A text without lone halves is sent without them, however it came.
      if (texts.join("").isWellFormed()) expect(sent.join("")).not.toMatch(/(?<!\\)\\ud[89a-f]/);
    });
    fc.assert(property, { numRuns: 100 });
  });
});

describe("a tool call", () => {
  const fragments = [toolChunk(0, "", "call_1", "level"), toolChunk(0, '{"river":'), toolChunk(0, '"Aare"}')];
  const call = { id: "call_1", name: "level", arguments: '{"river":"Aare"}' };

  it("is sent complete, once, when the answer has finished", () => {
    const { codec, sent } = slim(...fragments);
    expect(sent).toBe("");
    codec.push(toUtf8(finishChunk("tool_calls")));
    expect(fromUtf8(codec.take())).toBe(`event:tool\ndata:${JSON.stringify(call)}\n\n`);
    expect(codec.take()).toHaveLength(0);
  });

  it("follows the text, in the model's order", () => {
    const later = toolChunk(1, "{}", "call_2", "forecast");
    const { sent } = slim(textChunk("Let me look."), later, ...fragments, finishChunk("tool_calls"));
    expect(readSlim(toUtf8(sent))).toEqual([
      { name: "text", data: "Let me look." },
      { name: "tool", data: call },
      { name: "tool", data: { id: "call_2", name: "forecast", arguments: "{}" } },
    ]);
  });

  const [OSLO, ROME] = ['{"city":"Oslo"}', '{"city":"Rome"}'];

  it.each([
    [
      "with ids",
      toolChunk(0, OSLO, "call_a", "weather") + toolChunk(0, ROME, "call_b", "weather"),
      ["call_a", "call_b"],
    ],
    ["without ids", toolChunk(0, OSLO, "", "weather") + toolChunk(0, ROME, "", "weather"), NEW_IDS],
    [
      "in fragments",
      [toolChunk(0, "", "call_a", "weather"), toolChunk(0, OSLO.slice(0, 5)), toolChunk(0, OSLO.slice(5), "call_a")]
        .concat(toolChunk(0, ROME.slice(0, 5), "call_b", "weather"), toolChunk(0, ROME.slice(5)))
        .join(""),
      ["call_a", "call_b"],
    ],
    [
      "with their names repeated",
      ["", OSLO.slice(0, 5), OSLO.slice(5)].map((text) => toolChunk(0, text, "call_a", "weather")).join("") +
        toolChunk(0, ROME, "call_b", "weather"),
      ["call_a", "call_b"],
    ],
    [
      "one id for both",
      toolChunk(0, OSLO, "call_a", "weather") + toolChunk(1, ROME, "call_a", "weather"),
      ["call_a", NEW_IDS[0]],
    ],
  ])("is apart from the next one with the same index: %s", (_what, calls, [first, second]) => {
    expect(toolsOf(calls)).toEqual([
      { id: first, name: "weather", arguments: OSLO },
      { id: second, name: "weather", arguments: ROME },
    ]);
  });

  it.each([
    ["its name repeated", ["", '{"city":', '"Oslo"}'].map((text) => toolChunk(0, text, "", "weather"))],
    ["its end repeated", [toolChunk(0, OSLO, "", "weather"), toolChunk(0, "", "", "weather")]],
    ["the deprecated form", [chunk({ function_call: { name: "weather", arguments: OSLO } })]],
    [
      "another id in each fragment",
      [toolChunk(0, "", "call_new1", "weather"), toolChunk(0, '{"city":', "call_b"), toolChunk(0, '"Oslo"}', "call_c")],
    ],
    ["its id in a later fragment", [toolChunk(0, '{"city":', "", "weather"), toolChunk(0, '"Oslo"}', "call_new1")]],
  ])("is one call and has an id: %s", (_what, fragments) => {
    expect(toolsOf(...fragments)).toEqual([{ id: "call_new1", name: "weather", arguments: OSLO }]);
  });

  it.each([
    ["stop", 1],
    ["length", 0],
    ["content_filter", 0],
  ])("of an answer that finished with %s is sent %i times", (finish, count) => {
    expect(readSlim(toUtf8(slim(...fragments, finishChunk(finish)).sent))).toHaveLength(count);
  });
});

describe("the closing event", () => {
  it("of a finished answer has finish reason, usage, cost and remaining quota", () => {
    const { codec } = slim(textChunk("Hi"), finishChunk("length"), usageChunk(12, 30), DONE);
    expect(fromUtf8(codec.conclude({ left: { "tokens/day": 19_958 }, usd: 0.0001452 }))).toBe(
      'event:done\ndata:{"finish":"length","usage":{"input":12,"cached":0,"output":30,"reasoning":0,"usd":0.0001452},"left":{"tokens/day":19958}}\n\n',
    );
  });

  it("without the provider's usage has the cost only", () => {
    const { codec } = slim(textChunk("Hi"), finishChunk(), DONE);
    expect(readSlim(codec.conclude({ left: {}, usd: 0.0012 }))).toEqual([
      { name: "done", data: { finish: "stop", usage: { usd: 0.0012 }, left: {} } },
    ]);
  });

  it("of a cancelled answer is `cancelled`, after the text that was held", () => {
    const { codec } = slim(textChunk("Hi \ud83d"), toolChunk(0, "{", "call_1", "look"), usageChunk(12, 30));
    expect(readSlim(codec.cancel?.({ left: { "tokens/day": 5 }, usd: 0.25 }) ?? toUtf8(""))).toEqual([
      { name: "text", data: "\ud83d" },
      {
        name: "done",
        data: {
          finish: "cancelled",
          usage: { input: 12, cached: 0, output: 30, reasoning: 0, usd: 0.25 },
          left: { "tokens/day": 5 },
        },
      },
    ]);
    const finished = slim(textChunk("Hi"), finishChunk("length")).codec;
    expect(fromUtf8(finished.cancel?.({ left: {}, usd: 0 }) ?? toUtf8(""))).toContain('"finish":"cancelled"');
  });

  it("of a failed or blocked answer is the error, with the caller's field name", () => {
    const { codec } = slim(textChunk("Hi"));
    const { body } = apiError("provider_error", "It broke.\n\nevent: done");
    expect(readSlim(codec.fail(body) ?? toUtf8(""))).toEqual([{ name: "failed", data: { error: body } }]);
    expect(readSlim(codec.block(body, undefined, { input: 1, cached: 0, output: 2, reasoning: 0 }))).toEqual([
      { name: "failed", data: { error: body } },
    ]);
    for (const [param, field] of [
      ["messages", "input"],
      ["store", null],
    ] as const) {
      const error = { ...body, param: field };
      expect(readSlim(codec.fail({ ...body, param }) ?? toUtf8(""))).toEqual([{ name: "failed", data: { error } }]);
    }
  });
});

it.each([DONE, "data: <html>\n\n", toEvent({ type: "response.output_text.delta", delta: "And more" })])(
  "events after the end are ignored, also in the same read: %j",
  (more) => {
    const codec = createCodec(responsesDialect);
    const recorded = recordedResponse("text");
    const deltas = recorded.map(({ type, delta }) => (type === "response.output_text.delta" ? String(delta) : ""));
    codec.push(toUtf8(recorded.map(toEvent).join("") + more));
    expect(slimText(readSlim(codec.take()))).toBe(deltas.join(""));
    codec.push(toUtf8(more));
    expect(codec.take()).toHaveLength(0);
    expect(endingOf(codec, undefined)).toEqual({ kind: "finished" });
    expect(codec.progress.usage?.output).toBeGreaterThan(0);
  },
);

it("a comment does not start the answer, an empty chunk does, and invalid JSON throws", () => {
  expect(slim(": processing\n\n").codec.progress.heard).toBe(false);
  const { codec, sent } = slim(chunk({ role: "assistant", content: "" }));
  expect([codec.progress.heard, sent]).toEqual([true, ""]);
  expect(() => slim("data: <html>\n\n")).toThrow();
});
