// The event filter withholds single events without parsing the others.

import { runInNewContext } from "node:vm";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readChatEvent } from "../../../../src/dialects/chat-completions/decode.ts";
import { createEventReader } from "../../../../src/core/relay/events.ts";
import { createEventFilter } from "../../../../src/core/relay/event-filter.ts";
import { DONE, errorFrame, finishChunk, sse, textChunk, toUtf8, usageChunk } from "../../../support/chat-chunks.ts";
import { cutAt, everyCutInTwo, singleBytes } from "../../../support/stream-cuts.ts";

const isWithheld = (data: string) =>
  readChatEvent(data).some((piece) => piece.kind === "error" || (piece.kind === "usage" && piece.alone));

/** Lines that follow on each other without a blank one are one event, which may be anything. */
const withholdReadable = (data: string) => {
  try {
    return isWithheld(data);
  } catch {
    return false;
  }
};

/** What a filter sends of those pieces. */
function filtered(pieces: Iterable<Uint8Array>, withhold = isWithheld): Buffer {
  const filter = createEventFilter(withhold);
  const sent: Uint8Array[] = [];
  for (const piece of pieces) sent.push(filter(piece));
  return Buffer.concat(sent);
}

/** What is sent when every event is read. */
function expected(bytes: Uint8Array, withhold = isWithheld): string {
  const events = createEventReader()(bytes);
  return events
    .filter(({ data }) => data === undefined || !withhold(data))
    .map(({ raw }) => raw)
    .join("");
}

/** Without the blank lines that say nothing. */
const shortened = (sent: Buffer | string) =>
  sent
    .toString()
    .replace(/^\n+/, "")
    .replaceAll(/\n{3,}/g, "\n\n");

/** Texts that look like what is looked for. */
const TRICKY = [
  '"choices":[]',
  '{"choices": [ ],"usage":{"prompt_tokens":1,"completion_tokens":2}}',
  "[DONE]",
  "data: [DONE]\n\n",
  '{"error":{"message":"no"}}',
  '"error"',
  "\\",
  '\\"error\\"',
  "\r\n\r\n",
  "🦫",
  "堰",
];
/** Events with nothing but usage, however they say that they have no choices. */
const USAGE_EVENTS = [{ choices: [] }, { choices: null }, {}].map((choices) =>
  sse({ ...choices, usage: { prompt_tokens: 1, completion_tokens: 2 } }),
);
const text = fc.oneof(fc.constantFrom(...TRICKY), fc.string({ unit: "grapheme", maxLength: 8 }));
const spaced = fc
  .constantFrom("", " ", "  ")
  .map(
    (space) =>
      `data: {"choices"${space}:${space}[${space}],"usage"${space}:${space}{"prompt_tokens":1,"completion_tokens":2}}\n\n`,
  );
const event = fc.oneof(
  { weight: 4, arbitrary: text.map(textChunk) },
  { weight: 1, arbitrary: text.map((words) => `event: note\nid: 7\n${textChunk(words)}`) },
  { weight: 1, arbitrary: text.map((words) => `: ${words.replaceAll(/[\r\n]/g, "")}\n\n`) },
  { weight: 1, arbitrary: fc.constantFrom(usageChunk(1, 2), finishChunk(), DONE, errorFrame("It broke.")) },
  { weight: 1, arbitrary: spaced },
  { weight: 1, arbitrary: fc.constantFrom(...USAGE_EVENTS) },
  {
    weight: 1,
    arbitrary: text.map((words) => sse({ choices: [{ index: 0, delta: {} }], usage: null, error: null, words })),
  },
  // With its choices, usage is not alone.
  {
    weight: 1,
    arbitrary: text.map((content) =>
      sse({ choices: [{ index: 0, delta: { content } }], usage: { prompt_tokens: 1, completion_tokens: 2 } }),
    ),
  },
  { weight: 1, arbitrary: text.map((words) => sse({ object: "something.new", words, choices: [] })) },
  {
    weight: 1,
    arbitrary: fc.constant(`data: {"choices":[],\ndata: "usage":{"prompt_tokens":1,"completion_tokens":2}}\n\n`),
  },
);
const framed = fc
  .tuple(event, fc.constantFrom("\n", "\n", "\n", "\r\n", "\r"))
  .map(([one, newline]) => one.replaceAll("\n", newline));
const stream = (one: fc.Arbitrary<string>) => fc.array(one, { minLength: 1, maxLength: 15 }).map((all) => all.join(""));
const positions = fc.array(fc.nat({ max: 4000 }), { maxLength: 40 });

const LONGEST_CHUNK = 1_000_000;

describe("the events that are sent", () => {
  it.each([
    ["as every provider writes them", stream(event)],
    ["whatever ends their lines", stream(framed)],
  ])("are all but those withheld, in order and byte for byte, %s", (_how, streams) => {
    const property = fc.property(streams, positions, (sent, cuts) => {
      // A CR that comes last may be half of an ending.
      const bytes = toUtf8(`${sent}: end\n\n`);
      const pieces = cutAt(
        bytes,
        cuts.filter((position) => position > 0 && position < bytes.length),
      );
      expect(filtered(pieces).toString()).toBe(expected(bytes));
    });
    fc.assert(property, { numRuns: 1000 });
  });

  it.each([
    ["alone", "\n\n"],
    ["with the end of an answer", `\n\n${DONE}`],
  ])("keep bytes that are no UTF-8, %s", (_how, end) => {
    const bytes = Buffer.concat([toUtf8(": "), Uint8Array.from([0xff, 0xc3, 0x28]), toUtf8(`${end}${textChunk("é")}`)]);
    expect(filtered([bytes])).toEqual(bytes);
    expect(filtered(singleBytes(bytes))).toEqual(bytes);
  });

  it("are sent as soon as they are whole, and not before", () => {
    const filter = createEventFilter(isWithheld);
    const send = (part: string) => Buffer.from(filter(toUtf8(part))).toString();
    expect(send(textChunk("Hel") + textChunk("lo").slice(0, 12))).toBe(textChunk("Hel"));
    expect(send(textChunk("lo").slice(12, -1))).toBe("");
    expect(send("\n")).toBe(textChunk("lo"));
  });
});

describe("an event with nothing but usage", () => {
  it.each(USAGE_EVENTS)("is not sent: %s", (usage) => {
    const bytes = toUtf8(textChunk("Hel") + usage + DONE);
    for (const pieces of [[bytes], singleBytes(bytes), ...everyCutInTwo(bytes)]) {
      expect(filtered(pieces).toString()).toBe(textChunk("Hel") + DONE);
    }
  });
});

describe("blank lines", () => {
  const ENDLESS_MS = 10_000;
  /** Runs what might never end, which no timeout of a test could stop. */
  const ending = (work: () => void) => void runInNewContext("work()", { work }, { timeout: ENDLESS_MS });
  const separated = fc
    .array(fc.tuple(event, fc.integer({ min: 1, max: 5 })), { minLength: 1, maxLength: 12 })
    .map((all) => all.map(([one, newlines]) => one.trimEnd() + "\n".repeat(newlines)).join(""));

  it("of any number after any event change nothing about what is sent, wherever they are cut", () => {
    const property = fc.property(separated, positions, (sent, cuts) => {
      const bytes = toUtf8(`${sent}\n\n: end\n\n`);
      const pieces = cutAt(
        bytes,
        cuts.filter((position) => position > 0 && position < bytes.length),
      );
      const wanted = expected(bytes, withholdReadable);
      expect(shortened(filtered(pieces, withholdReadable))).toBe(shortened(wanted));
    });
    ending(() => fc.assert(property, { numRuns: 1000 }));
  });
});

describe("an event without a suspicious word", () => {
  it("is not parsed", () => {
    const bytes = toUtf8(textChunk("Hel").repeat(100) + TRICKY.slice(0, 6).map(textChunk).join(""));
    const asked: string[] = [];
    const note = (data: string) => asked.push(data) === 0;
    expect(filtered([toUtf8(textChunk("Hel").repeat(100))], note).toString()).toBe(textChunk("Hel").repeat(100));
    expect(asked).toEqual([]);
    expect(filtered([bytes], note)).toEqual(Buffer.from(bytes));
  });
});

describe("what a filter is given", () => {
  it("may be overwritten afterwards", () => {
    const filter = createEventFilter(isWithheld);
    const buffer = new Uint8Array(10);
    const bytes = toUtf8(textChunk("Hello"));
    let sent = "";
    for (let from = 0; from < bytes.length; from += buffer.length) {
      const piece = bytes.subarray(from, from + buffer.length);
      buffer.set(piece);
      sent += Buffer.from(filter(buffer.subarray(0, piece.length))).toString();
      buffer.fill(0);
    }
    expect(sent).toBe(textChunk("Hello"));
  });

  it.each([
    ["LF", "\n", "more than 1000000"],
    ["CRLF", "\r\n", "more than 8388608"],
  ])("is refused when it is an event without end, after lines that end in %s", (_name, newline, words) => {
    const filter = createEventFilter(isWithheld);
    filter(toUtf8(textChunk("Hel").replaceAll("\n", newline)));
    const piece = toUtf8("x".repeat(LONGEST_CHUNK / 4));
    expect(() => {
      for (let count = 0; count < 40; count++) filter(piece);
    }).toThrow(words);
  });

  it("gives out all that was whole before an event without end", () => {
    const filter = createEventFilter(isWithheld);
    const whole = textChunk("Hel") + usageChunk(1, 2) + textChunk("lo");
    const sent = filter(toUtf8(`${whole}data: ${"x".repeat(LONGEST_CHUNK)}`));
    expect(Buffer.from(sent).toString()).toBe(textChunk("Hel") + textChunk("lo"));
    expect(() => filter(toUtf8("x"))).toThrow("more than 1000000");
  });
});
