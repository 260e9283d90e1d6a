// The lines of a file: the same for any chunks, and the texts that parsers would split in different ways.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createLineSplitter, MAX_LINE_LENGTH } from "../../../../src/features/files-batch/file-lines.ts";
import { refusalOf } from "../../../support/refusals.ts";

const encode = (text: string) => new TextEncoder().encode(text);

/** The lines of a file that arrives in chunks of `size` bytes. */
function linesOf(bytes: Uint8Array, size = bytes.length) {
  const splitter = createLineSplitter();
  const lines: string[] = [];
  const take = (added: ReturnType<typeof splitter.add>) => {
    for (const { text, number } of added) {
      lines.push(text);
      expect(number).toBe(lines.length);
    }
  };
  for (let at = 0; at < bytes.length; at += size) take(splitter.add(bytes.subarray(at, at + size)));
  take(splitter.end());
  return lines;
}

describe("the lines of a file", () => {
  it.each([
    ["with LF", "a\nb\n", ["a", "b"]],
    ["with CRLF", "a\r\nb\r\n", ["a", "b"]],
    ["without a last line end", "a\nb", ["a", "b"]],
    ["with empty lines at the end", "a\n\r\n \n", ["a"]],
    ["without any", "", []],
  ])("%s", (_what, text, lines) => {
    expect(linesOf(encode(text))).toEqual(lines);
  });

  it("are the same for any chunks", () => {
    const line = fc
      .string({ unit: "grapheme" })
      .filter((text) => text.trim() !== "" && !/[\r\n\u0085\u2028\u2029]/.test(text));
    const property = fc.property(
      fc.array(line),
      fc.constantFrom("\n", "\r\n"),
      fc.integer({ min: 1, max: 9 }),
      (lines, end, size) => {
        expect(linesOf(encode(lines.join(end)), size)).toEqual(lines);
      },
    );
    fc.assert(property);
  });

  it.each([
    ["an empty line", encode("a\n\nb"), "line 2: it is empty. Remove it."],
    [
      "a lone carriage return",
      encode("a\nb\rc"),
      String.raw`line 2: it has a line end inside. Write it as \u000d in JSON.`,
    ],
    ["a line separator", encode('"\u2028"'), String.raw`line 1: it has a line end inside. Write it as \u2028 in JSON.`],
    ["a next line", encode('"\u0085"'), String.raw`line 1: it has a line end inside. Write it as \u0085 in JSON.`],
    ["a byte order mark", encode("\ufeffa"), "line 1: it begins with a byte order mark. Remove it."],
    ["bytes that are no text", Uint8Array.of(97, 10, 255), "line 1: this line or a later one is not UTF-8 text."],
    ["half a character at the end", Uint8Array.of(97, 10, 195), "line 2: this line or a later one is not UTF-8 text."],
    ["a long line", encode(`a\n${"x".repeat(MAX_LINE_LENGTH + 1)}`), "line 2: it has more than 1048576 characters."],
    ["many lines", encode("x\n".repeat(50_001)), "line 50001: a file has at most 50000 lines. Split it."],
  ])("are refused with %s", async (_what, bytes, message) => {
    const { status, body } = await refusalOf(() => linesOf(bytes));
    expect([status, body]).toMatchObject([400, { param: "file", message: expect.stringContaining(message) }]);
  });

  it("are refused as soon as a line is too long, so that it is never held", async () => {
    const splitter = createLineSplitter();
    const chunk = encode("x".repeat(100_000));
    for (let added = 0; added < 10; added++) expect([...splitter.add(chunk)]).toEqual([]);
    const { body } = await refusalOf(() => [...splitter.add(chunk)]);
    expect(body.message).toContain("line 1: it has more than");
  });
});
