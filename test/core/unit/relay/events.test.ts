// Server-sent events from bytes: raw text, data, and a limit for an event that never ends.

import { createParser } from "eventsource-parser";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createEventReader } from "../../../../src/core/relay/events.ts";
import { toUtf8 } from "../../../support/chat-chunks.ts";
import { singleBytes } from "../../../support/stream-cuts.ts";

const readAll = (text: string) => createEventReader()(toUtf8(text));
const readBytewise = (text: string) => singleBytes(toUtf8(text)).flatMap(createEventReader());

/** What a parser of events says of a text that is one of them. */
function parsed(text: string): string | undefined {
  let found: string | undefined;
  // A CR at the end of what it is given waits for an LF.
  createParser({ onEvent: ({ data }) => void (found = data) }).feed(`${text}\n`);
  return found;
}

describe("an event", () => {
  it.each([
    ["LF", "\n"],
    ["CRLF", "\r\n"],
    ["CR", "\r"],
  ])("ends at a blank line, with lines that end in %s", (_name, newline) => {
    const text = ["data: one", "", "data: two", "", ""].join(newline);
    const expected = [
      { raw: `data: one${newline}${newline}`, data: "one" },
      { raw: `data: two${newline}${newline}`, data: "two" },
    ];
    expect(readAll(text)).toEqual(expected);
    expect(readBytewise(text)).toEqual(expected);
  });

  it.each(["data: one\r\n\ndata: two\n\n", "data: one\n\r\ndata: two\n\n", "data: one\n\ndata: two\n\r\n"])(
    "ends at a blank line even where line endings are mixed: %j",
    (text) => {
      for (const events of [readAll(text), readBytewise(text)]) {
        expect(events.map(({ data }) => data)).toEqual(["one", "two"]);
        expect(events.map(({ raw }) => raw).join("")).toBe(text);
      }
    },
  );

  it("that has not ended is kept for later", () => {
    const read = createEventReader();
    expect(read(toUtf8("data: on"))).toEqual([]);
    expect(read(toUtf8("e\n"))).toEqual([]);
    expect(read(toUtf8("\ndata"))).toEqual([{ raw: "data: one\n\n", data: "one" }]);
    expect(read(toUtf8(": two\n\n"))).toEqual([{ raw: "data: two\n\n", data: "two" }]);
  });

  it("without data has none, and takes none from its neighbours", () => {
    const text = "data: one\n\n: a comment\n\nevent: ping\n\ndata:\n\n\n\n";
    expect(readAll(text).map(({ data }) => data)).toEqual(["one", undefined, undefined, "", undefined]);
  });

  it("keeps characters whole that were cut in the middle", () => {
    expect(readBytewise("data: 🦫堰\n\n")).toEqual([{ raw: "data: 🦫堰\n\n", data: "🦫堰" }]);
  });
});

describe("an event of a single line", () => {
  const field = fc.constantFrom("data: ", "data:", "data", "data:  ", "Data: ", " data: ", "event: ", "id: ", ": ", "");
  const letter = fc.oneof(
    fc.string({ unit: "grapheme", maxLength: 1 }),
    fc.constantFrom(":", " ", "\t", "\u2028", "\0"),
  );
  const value = fc.array(letter, { maxLength: 12 }).map((letters) => letters.join("").replaceAll(/[\r\n]/g, ""));
  const newline = fc.constantFrom("\n", "\r\n", "\r");

  it("has the data that a parser finds in it, whatever the line and its ending", () => {
    const property = fc.property(field, value, newline, newline, (name, rest, first, second) => {
      const raw = `${name}${rest}${first}${second}`;
      // A line of nothing is a blank line of its own, and CR with LF a single ending.
      fc.pre(name + rest !== "" && first + second !== "\r\n" && !raw.startsWith("\ufeff"));
      const events = createEventReader()(toUtf8(`${raw}: end\n\n`));
      expect(events).toEqual([
        { raw, data: parsed(raw) },
        { raw: ": end\n\n", data: undefined },
      ]);
    });
    fc.assert(property, { numRuns: 2000 });
  });
});

describe("an event that never ends", () => {
  const megabyte = "a".repeat(1_000_000);

  it("is refused after eight million characters", () => {
    const read = createEventReader();
    for (let count = 0; count < 8; count++) read(toUtf8(megabyte));
    expect(() => read(toUtf8(megabyte))).toThrow("more than 8388608 characters");
  });

  it("is none while it is read in many pieces, as the first one of Responses with long instructions", () => {
    const read = createEventReader();
    const data = megabyte.repeat(4);
    const bytes = toUtf8(`event: response.created\ndata: ${data}\n\n`);
    const events: string[] = [];
    for (let from = 0; from < bytes.length; from += 32_768) {
      events.push(...read(bytes.subarray(from, from + 32_768)).map((event) => event.data ?? ""));
    }
    expect(events.map(({ length }) => length)).toEqual([data.length]);
    expect(events[0] === data).toBe(true);
  });
});
