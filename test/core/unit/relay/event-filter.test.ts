// The event filter withholds single events without parsing the others.

import { runInNewContext } from "node:vm";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createEventFilter } from "../../../../src/core/relay/event-filter.ts";
import { createEventReader } from "../../../../src/core/relay/events.ts";
import { chatDialect } from "../../../../src/dialects/chat-completions/decode.ts";
import { DONE, errorFrame, finishChunk, sse, textChunk, toUtf8, usageChunk } from "../../../support/chat-chunks.ts";
import { cutAt, everyCutInTwo, singleBytes } from "../../../support/stream-cuts.ts";

const MAX_EVENT_BYTES = 1_000_000;

/** Withholds errors and events of usage alone. Data that is not valid JSON is sent. */
function isWithheld(data: string): boolean {
  try {
    const { pieces } = chatDialect.decode(data);
    return pieces.some((piece) => piece.kind === "error" || (piece.kind === "usage" && piece.alone));
  } catch {
    return false;
  }
}

/** The bytes that a filter sends of these pieces. */
function filtered(pieces: Iterable<Uint8Array>): Buffer {
  const { read: filter } = createEventFilter(isWithheld);
  const sent: Uint8Array[] = [];
  for (const piece of pieces) sent.push(filter(piece));
  return Buffer.concat(sent);
}

/** The text that is sent when every event is parsed. */
const expected = (bytes: Uint8Array): string =>
  createEventReader()
    .read(bytes)
    .filter(({ data }) => data === undefined || !isWithheld(data))
    .map(({ raw }) => raw)
    .join("");

/** The text without extra blank lines. */
const withoutExtraLines = (sent: Buffer | string) =>
  sent
    .toString()
    .replace(/^\n+/, "")
    .replaceAll(/\n{3,}/g, "\n\n");

/** Texts that look like events to withhold. */
const TRICKY = [
  '"choices":[]',
  '{"choices": [ ],"usage":{"prompt_tokens":1,"completion_tokens":2}}',
  "[DONE]",
  "data: [DONE]\n\n",
  '{"error":{"message":"no"}}',
  '\\"error\\"',
  "\r\n\r\n",
  "🦫堰",
];
const USAGE = { usage: { prompt_tokens: 1, completion_tokens: 2 } };
/** Events of usage alone, with each way to say that there are no choices. */
const USAGE_EVENTS = [{ choices: [] }, { choices: null }, {}].map((choices) => sse({ ...choices, ...USAGE }));
const text = fc.oneof(fc.constantFrom(...TRICKY), fc.string({ unit: "grapheme", maxLength: 8 }));
const choice = (delta: object) => [{ index: 0, delta }];
const event = fc.oneof(
  { weight: 4, arbitrary: text.map(textChunk) },
  { weight: 2, arbitrary: fc.constantFrom(usageChunk(1, 2), ...USAGE_EVENTS, finishChunk(), DONE, errorFrame("No.")) },
  text.map((words) => `event: note\nid: 7\n${textChunk(words)}`),
  text.map((words) => `: ${words.replaceAll(/[\r\n]/g, "")}\n\n`),
  text.map((words) => sse({ choices: choice({}), usage: null, error: null, words })),
  text.map((content) => sse({ choices: choice({ content }), ...USAGE })),
  fc.constant(`data: {"choices" : [ ],\ndata: "usage" : {"prompt_tokens":1,"completion_tokens":2}}\n\n`),
);
const framed = fc
  .tuple(event, fc.constantFrom("\n", "\n", "\n", "\r\n", "\r"))
  .map(([one, newline]) => one.replaceAll("\n", newline));
const separated = fc
  .tuple(event, fc.integer({ min: 1, max: 5 }))
  .map(([one, newlines]) => one.trimEnd() + "\n".repeat(newlines));
const positions = fc.array(fc.integer({ min: 1, max: 4000 }), { maxLength: 40 });

/** Compares the filter with the parser over random streams of these events. */
function compare(one: fc.Arbitrary<string>, simplify: (sent: Buffer | string) => string): void {
  const streams = fc.array(one, { minLength: 1, maxLength: 15 });
  const property = fc.property(streams, positions, (events, cuts) => {
    // The comment completes an event whose last CR could be half of a CRLF.
    const bytes = toUtf8(`${events.join("")}: end\n\n`);
    const pieces = cutAt(
      bytes,
      cuts.filter((position) => position < bytes.length),
    );
    expect(simplify(filtered(pieces))).toBe(simplify(expected(bytes)));
  });
  // No test timeout can stop a loop without an end.
  const run = () => fc.assert(property, { numRuns: 1000 });
  runInNewContext("run()", { run }, { timeout: 20_000 });
}

describe("the events that are sent", () => {
  it.each([
    ["as providers write them", event, String],
    ["with any line ends", framed, String],
    ["with any number of blank lines between them", separated, withoutExtraLines],
  ])(
    "are all but those withheld, in order and byte for byte, %s",
    (_how, one, simplify) => compare(one, simplify),
    60_000,
  );

  it.each(USAGE_EVENTS)("are not those of usage alone, however they are cut: %s", (usage) => {
    const bytes = toUtf8(textChunk("Hel") + usage + DONE);
    for (const pieces of [[bytes], singleBytes(bytes), ...everyCutInTwo(bytes)]) {
      expect(filtered(pieces).toString()).toBe(textChunk("Hel") + DONE);
    }
  });

  it.each([
    ["alone", "\n\n"],
    ["with the end of an answer", `\n\n${DONE}`],
  ])("keep bytes that are not valid UTF-8, %s", (_how, end) => {
    const bytes = Buffer.concat([toUtf8(": "), Uint8Array.from([0xff, 0xc3, 0x28]), toUtf8(`${end}${textChunk("é")}`)]);
    for (const pieces of [[bytes], singleBytes(bytes)]) expect(filtered(pieces)).toEqual(bytes);
  });

  it("are sent as soon as they are complete, and not before", () => {
    const { read: filter } = createEventFilter(isWithheld);
    const send = (part: string) => Buffer.from(filter(toUtf8(part))).toString();
    expect(send(textChunk("Hel") + textChunk("lo").slice(0, 12))).toBe(textChunk("Hel"));
    expect(send(textChunk("lo").slice(12, -1))).toBe("");
    expect(send("\n")).toBe(textChunk("lo"));
  });

  it("are not parsed without a word that could matter", () => {
    const parsed: string[] = [];
    const { read: filter } = createEventFilter((data) => parsed.push(data) === 0);
    const texts = textChunk("Hel").repeat(100);
    expect(Buffer.from(filter(toUtf8(texts))).toString()).toBe(texts);
    expect(parsed).toEqual([]);
  });
});

it("the input may be overwritten after each call", () => {
  const { read: filter } = createEventFilter(isWithheld);
  const buffer = new Uint8Array(10);
  let sent = "";
  for (const piece of singleBytes(toUtf8(textChunk("Hello")))) {
    buffer.set(piece);
    sent += Buffer.from(filter(buffer.subarray(0, piece.length))).toString();
    buffer.fill(0);
  }
  expect(sent).toBe(textChunk("Hello"));
});

describe("an event that never ends", () => {
  it.each([
    ["LF", "\n", "more than 1000000"],
    ["CRLF", "\r\n", "more than 8388608"],
  ])("is refused, after lines that end in %s", (_name, newline, words) => {
    const { read: filter } = createEventFilter(isWithheld);
    filter(toUtf8(textChunk("Hel").replaceAll("\n", newline)));
    const piece = toUtf8("x".repeat(MAX_EVENT_BYTES / 4));
    expect(() => {
      for (let count = 0; count < 40; count++) filter(piece);
    }).toThrow(words);
  });

  it("does not hold back the complete events before it", () => {
    const { read: filter } = createEventFilter(isWithheld);
    const whole = textChunk("Hel") + usageChunk(1, 2) + textChunk("lo");
    const sent = filter(toUtf8(`${whole}data: ${"x".repeat(MAX_EVENT_BYTES)}`));
    expect(Buffer.from(sent).toString()).toBe(textChunk("Hel") + textChunk("lo"));
    expect(() => filter(toUtf8("x"))).toThrow("more than 1000000");
  });
});
