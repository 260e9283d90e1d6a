// The incremental parser of forms: the same parts for any split, and the same refusals as the parser of whole forms.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ApiError } from "../../../../src/core/errors.ts";
import { parseForm } from "../../../../src/core/http/multipart.ts";
import { concatBytes } from "../../../../src/core/relay/byte-buffers.ts";
import { createFormParser } from "../../../../src/features/files-batch/form-events.ts";

const BOUNDARY = "river";
const encode = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(new TextEncoder().encode(text));
const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");

interface ReadPart {
  name: string;
  filename: string | undefined;
  content: string;
}

/** The parts of a form that arrives in chunks, and the bytes of all events. */
function readInChunks(chunks: Uint8Array<ArrayBuffer>[], boundary = BOUNDARY) {
  const parser = createFormParser(boundary);
  const parts: ReadPart[] = [];
  const passed: Uint8Array[] = [];
  let window = new Uint8Array(0);
  let hasEnded = false;
  for (const [index, chunk] of chunks.entries()) {
    window = concatBytes([window, chunk]);
    const isWhole = index === chunks.length - 1;
    for (let event = parser.next(window, isWhole); event; event = hasEnded ? undefined : parser.next(window, isWhole)) {
      passed.push(event.bytes);
      window = window.subarray(event.bytes.length);
      if (event.kind === "part") parts.push(toPart(event.head, ""));
      else if (event.kind === "content") (parts.at(-1) as ReadPart).content += textOf(event.bytes);
      else hasEnded = true;
    }
  }
  expect(hasEnded).toBe(true);
  return { parts, bytes: textOf(concatBytes(passed)) };
}

const toPart = ({ name, filename }: Omit<ReadPart, "content">, content: string) => ({ name, filename, content });

/** The parts of a form, as the parser of whole forms reads it. */
function readWhole(bytes: Uint8Array<ArrayBuffer>): ReadPart[] {
  const form = parseForm(bytes, BOUNDARY);
  return form.parts.map((part) => toPart(part, textOf(form.bytes.subarray(part.start, part.end))));
}

/** The message of a refusal, or the value. */
function outcomeOf<Value>(read: () => Value): Value | string {
  try {
    return read();
  } catch (error) {
    if (error instanceof ApiError && error.body.code === "invalid_form") return error.message;
    throw error;
  }
}

/** The bytes in chunks that end at these offsets. */
function splitAt(bytes: Uint8Array<ArrayBuffer>, offsets: number[]): Uint8Array<ArrayBuffer>[] {
  const ends = [...new Set(offsets.filter((offset) => offset <= bytes.length)), bytes.length].toSorted(
    (one, other) => one - other,
  );
  return ends.map((end, index) => bytes.slice(ends[index - 1] ?? 0, end));
}

const file = (content: string) =>
  `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="é.txt"\r\n\r\n${content}\r\n`;
const field = (name: string, content: string) =>
  `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${content}\r\n`;

/** Contents that contain almost a boundary. */
const content = fc
  .array(fc.constantFrom("\r\n", "--", "riv", "\r\n--riv", "--rive", "é", "x", "\r", "\n", "-"), { maxLength: 12 })
  .map((pieces) => pieces.join(""))
  .filter((text) => !text.includes(`--${BOUNDARY}`));
const form = fc.tuple(content, content, fc.boolean(), fc.boolean()).map(([first, second, fileFirst, endsWithLine]) => {
  const parts = [file(first), field("purpose", second)];
  return `${(fileFirst ? parts : parts.toReversed()).join("")}--${BOUNDARY}--${endsWithLine ? "\r\n" : ""}`;
});
const offsets = fc.array(fc.nat(400), { maxLength: 20 });

describe("a form that arrives in chunks", () => {
  it("has the parts of the whole form and passes all of its bytes, for any chunks", () => {
    const property = fc.property(form, offsets, (text, cuts) => {
      const bytes = encode(text);
      expect(readInChunks(splitAt(bytes, cuts))).toEqual({ parts: readWhole(bytes), bytes: textOf(bytes) });
    });
    fc.assert(property, { numRuns: 500 });
  });

  it("has the same parts when it is split at every byte", () => {
    const bytes = encode(`\r\n${file("a\r\n--rive\r\n\r\n")}${field("purpose", "")}--${BOUNDARY}--\r\n`);
    const everywhere = Array.from(bytes, (_, index) => index);
    expect(readInChunks(splitAt(bytes, everywhere)).parts).toEqual(readWhole(bytes));
    for (const at of everywhere) expect(readInChunks(splitAt(bytes, [at])).parts).toEqual(readWhole(bytes));
  });

  it("is refused like the whole form after any damage, for any chunks", () => {
    const damage = fc.constantFrom(
      "",
      "\r\n",
      "\r",
      "\n",
      "--",
      `--${BOUNDARY}`,
      `\r\n--${BOUNDARY}`,
      '"',
      ":",
      "x",
      "\0",
    );
    const property = fc.property(form, fc.nat(), fc.nat(20), damage, offsets, (text, at, removed, added, cuts) => {
      const from = at % (text.length + 1);
      const bytes = encode(`${text.slice(0, from)}${added}${text.slice(from + removed)}`);
      const whole = outcomeOf(() => readWhole(bytes));
      // One field per name is a rule of the upload, and not of the syntax.
      fc.pre(typeof whole !== "string" || !whole.includes("sent twice"));
      const inChunks = outcomeOf(() => readInChunks(splitAt(bytes, cuts)).parts);
      if (typeof whole === "string") expect(inChunks).toBeTypeOf("string");
      else expect(inChunks).toEqual(whole);
    });
    fc.assert(property, { numRuns: 1000 });
  });

  it("is refused when it is cut at any byte", () => {
    const text = `${file("water")}${field("purpose", "vision")}--${BOUNDARY}--`;
    for (let end = 0; end < text.length; end++) {
      expect(outcomeOf(() => readInChunks([encode(text.slice(0, end))]))).toBeTypeOf("string");
    }
  });

  it("is searched in linear time where it looks like its boundary everywhere", () => {
    const boundary = "a".repeat(70);
    const head = encode(`--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n`);
    const chunk = new Uint8Array(131_072).fill(97);
    const chunks = [head, ...Array<typeof chunk>(80).fill(chunk), encode(`\r\n--${boundary}--`)];
    const startedAt = performance.now();
    expect(readInChunks(chunks, boundary).parts[0]?.content).toHaveLength(80 * chunk.length);
    // A search of quadratic time would take minutes.
    expect(performance.now() - startedAt).toBeLessThan(5000);
  });
});
