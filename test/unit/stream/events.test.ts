// Server-sent events out of bytes: their own text, their data, and a limit for those that never end.

import { describe, expect, it } from "vitest";
import { createEventReader } from "../../../src/stream/events.ts";
import { toUtf8 } from "../../support/chat-chunks.ts";
import { singleBytes } from "../../support/stream-cuts.ts";

const readAll = (text: string) => createEventReader()(toUtf8(text));
const readBytewise = (text: string) => singleBytes(toUtf8(text)).flatMap(createEventReader());

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

  it("joins its lines of data, and may have a name or an id", () => {
    expect(readAll("event: note\nid: 7\ndata: one\ndata: two\n\n").map(({ data }) => data)).toEqual(["one\ntwo"]);
  });

  it("without data has none, and takes none from its neighbours", () => {
    const text = "data: one\n\n: a comment\n\nevent: ping\n\ndata:\n\n\n\n";
    expect(readAll(text).map(({ data }) => data)).toEqual(["one", undefined, undefined, "", undefined]);
  });

  it("keeps characters whole that were cut in the middle", () => {
    expect(readBytewise("data: 🦫堰\n\n")).toEqual([{ raw: "data: 🦫堰\n\n", data: "🦫堰" }]);
  });
});

describe("an event that never ends", () => {
  const megabyte = "a".repeat(1_000_000);

  it("is refused after a million characters", () => {
    const read = createEventReader();
    read(toUtf8(`data: ${megabyte.slice(10)}`));
    expect(() => read(toUtf8("a few more"))).toThrow("more than 1000000 characters");
  });

  it("is not confused with many that do", () => {
    const read = createEventReader();
    let events = 0;
    for (let count = 0; count < 30; count++) events += read(toUtf8(`data: ${megabyte.slice(0, 100_000)}\n\n`)).length;
    expect(events).toBe(30);
  });
});

describe("two readers", () => {
  it("that take turns do not disturb each other", () => {
    const [one, other] = [createEventReader(), createEventReader()];
    one(toUtf8("data: a long beginning of one"));
    expect(other(toUtf8("data: x\n\ndata: y\n\n")).map(({ data }) => data)).toEqual(["x", "y"]);
    expect(one(toUtf8("\n\n")).map(({ data }) => data)).toEqual(["a long beginning of one"]);
  });
});
