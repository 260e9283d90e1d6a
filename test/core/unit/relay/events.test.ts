// Server-sent events from bytes: raw text, data, and a limit for an event that never ends.

import { createParser } from "eventsource-parser";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createEventReader } from "../../../../src/core/relay/events.ts";
import { toUtf8 } from "../../../support/chat-chunks.ts";
import { singleBytes } from "../../../support/stream-cuts.ts";

const readAll = (text: string) => createEventReader().read(toUtf8(text));
const readBytewise = (text: string) => singleBytes(toUtf8(text)).flatMap(createEventReader().read);

/** The data that a parser finds in the text of one event. */
function parsed(text: string): string | undefined {
  let found: string | undefined;
  // A parser waits for an LF after a CR at the end.
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
    "ends at a blank line with mixed line endings: %j",
    (text) => {
      for (const events of [readAll(text), readBytewise(text)]) {
        expect(events.map(({ data }) => data)).toEqual(["one", "two"]);
        expect(events.map(({ raw }) => raw).join("")).toBe(text);
      }
    },
  );

  it("without data has none, and none of its neighbours'", () => {
    const text = "data: one\n\n: a comment\n\nevent: ping\n\ndata:\n\n\n\n";
    expect(readAll(text).map(({ data }) => data)).toEqual(["one", undefined, undefined, undefined, undefined]);
  });

  it("is read at the end of the stream without its blank line, once", () => {
    for (const text of ["data: 堰", "data: 堰\n", "data: 堰\r\n", "data: 堰\r", "data: one\n\ndata: 堰"]) {
      const { read, flush } = createEventReader();
      for (const byte of singleBytes(toUtf8(text))) read(byte);
      expect(flush().map(({ raw, data }) => [raw.trim(), data])).toEqual([["data: 堰", "堰"]]);
      expect(flush()).toEqual([]);
    }
    for (const text of ["", "data: one\n\n", "data: one\r\n\r\n", "data: one\r\r\n\n"]) {
      const { read, flush } = createEventReader();
      read(toUtf8(text));
      expect(flush()).toEqual([]);
    }
  });

  it("keeps characters that were cut in the middle", () => {
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

  it("has the data that a parser finds in it", () => {
    const property = fc.property(field, value, newline, newline, (name, rest, first, second) => {
      const raw = `${name}${rest}${first}${second}`;
      // An empty line is a blank line of its own, and CR with LF is one line end.
      fc.pre(name + rest !== "" && first + second !== "\r\n" && !raw.startsWith("\ufeff"));
      const events = createEventReader().read(toUtf8(`${raw}: end\n\n`));
      expect(events).toEqual([
        { raw, data: parsed(raw)?.trim() ? parsed(raw) : undefined },
        { raw: ": end\n\n", data: undefined },
      ]);
    });
    fc.assert(property, { numRuns: 2000 });
  });
});

describe("a very long event", () => {
  const megabyte = "a".repeat(1_000_000);

  it("is refused above eight million characters", () => {
    const { read } = createEventReader();
    for (let count = 0; count < 8; count++) read(toUtf8(megabyte));
    expect(() => read(toUtf8(megabyte))).toThrow("more than 8388608 characters");
  });

  it("is read from many pieces, as the first event of Responses with long instructions", () => {
    const data = megabyte.repeat(4);
    const bytes = toUtf8(`event: response.created\ndata: ${data}\n\n`);
    const { read } = createEventReader();
    const events = Array.from({ length: Math.ceil(bytes.length / 32_768) }, (_, piece) =>
      read(bytes.subarray(piece * 32_768, (piece + 1) * 32_768)),
    ).flat();
    expect(events.map((event) => event.data?.length)).toEqual([data.length]);
    expect(events[0]?.data === data).toBe(true);
  });
});
