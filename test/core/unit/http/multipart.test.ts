// Multipart forms: what clients send, what could be read in two ways, and the body for the provider.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ApiError } from "../../../../src/core/errors.ts";
import { concatBytes } from "../../../../src/core/relay/byte-buffers.ts";
import type { FormPart } from "../../../../src/core/http/multipart.ts";
import { fieldsOf, formPieces, parseForm, readForm } from "../../../../src/core/http/multipart.ts";

const BOUNDARY = "river";
const encode = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(new TextEncoder().encode(text));

const part = (headers: string, content = "text") => `--${BOUNDARY}\r\n${headers}\r\n\r\n${content}\r\n`;
const field = (name: string, content?: string) => part(`Content-Disposition: form-data; name="${name}"`, content);
const END = `--${BOUNDARY}--\r\n`;

/** A file of .NET. */
const twiceNamed = (encoded: string) =>
  part(`Content-Disposition: form-data; name=file; filename=memo.m4a; filename*=utf-8''${encoded}`) + END;

const parse = (text: string) => parseForm(encode(text), BOUNDARY);
const fieldsIn = (text: string) => ({ ...fieldsOf(parse(text)) });

function refusalOf(work: () => unknown): ApiError["body"] {
  try {
    work();
  } catch (error) {
    if (error instanceof ApiError) return error.body;
    throw error;
  }
  throw new Error("the form was accepted");
}

describe("a form", () => {
  it.each([
    ["undici and curl", `${field("model", "swift")}${END}`],
    ["OkHttp", part('Content-Disposition: form-data; name="model"\r\nContent-Length: 5', "swift") + END],
    [
      "Dart",
      part(
        'content-type: text/plain; charset=utf-8\r\ncontent-transfer-encoding: binary\r\ncontent-disposition: form-data; name="model"',
        "swift",
      ) + END,
    ],
    ["Ktor", part("Content-Disposition: form-data; name=model", "swift") + END],
    ["a client that begins with a line end", `\r\n${field("model", "swift")}${END}`],
    ["a client that ends without a line end", `${field("model", "swift")}--${BOUNDARY}--`],
  ])("as %s writes it is read", (_client, text) => {
    expect(fieldsIn(text)).toEqual({ model: "swift" });
  });

  it("has lists of the names with brackets, texts in UTF-8, and files by their offsets", () => {
    const file = part(
      'Content-Disposition: form-data; name="file"; filename="a b.wav"\r\nContent-Type: audio/wav',
      "RIFF",
    );
    const form = parse(`${file}${field("words[]", "één")}${field("words[]", "two")}${END}`);
    expect({ ...fieldsOf(form) }).toEqual({ "words[]": ["één", "two"] });
    const [sent] = form.parts as [FormPart];
    expect(sent).toMatchObject({ name: "file", filename: "a b.wav", contentType: "audio/wav" });
    expect(new TextDecoder().decode(form.bytes.subarray(sent.start, sent.end))).toBe("RIFF");
  });

  it("has the files of .NET, whose filename comes twice", () => {
    expect(parse(twiceNamed("m%C3%A9mo.m4a")).parts[0]).toMatchObject({ name: "file", filename: "memo.m4a" });
    expect(refusalOf(() => parse(twiceNamed("memo.wav")))).toMatchObject({ code: "invalid_form" });
  });

  it.each([
    ["a field twice", `${field("model")}${field("model")}${END}`, "'model' is sent twice"],
    ["text before its first boundary", `hello\r\n${field("model")}${END}`, "does not begin"],
    ["text after its end", `${field("model")}${END}${field("model")}`, "goes on after its end"],
    ["no end", field("model"), "has no closing boundary"],
    ["no parts", END, "does not begin"],
    ["a boundary with text behind it", `${field("a").trimEnd()}\r\n--${BOUNDARY}x\r\n\r\n`, "without a line end"],
    // Go's parser ends the part there, and Werkzeug's reads all three line ends.
    ["a boundary right behind the headers of a part", field("a", `--${BOUNDARY}\r\n`) + END, "inside a part"],
    ["a boundary behind a line feed", field("a", `b\n--${BOUNDARY}\n`) + END, "inside a part"],
    ["a boundary behind a carriage return", field("a", `b\r--${BOUNDARY}\r`) + END, "inside a part"],
    ["two names in one part", part('Content-Disposition: form-data; name="a"; name="b"') + END, "is not a plain name"],
    ["an encoded name", part("Content-Disposition: form-data; name*=utf-8''model") + END, "is not a plain name"],
    [
      "a quote in a name",
      part(String.raw`Content-Disposition: form-data; name="mo\"del"`) + END,
      "is not a plain name",
    ],
    ["no name", part("Content-Type: text/plain") + END, "is not a plain name"],
    [
      "a part in base64",
      part('Content-Disposition: form-data; name="a"\r\nContent-Transfer-Encoding: base64') + END,
      "encoding",
    ],
    ["an unknown header", part('Content-Disposition: form-data; name="a"\r\nX-Other: 1') + END, "unknown or repeated"],
    ["a folded header", part('Content-Disposition: form-data;\r\n name="a"') + END, "unknown or repeated"],
    ["headers that do not end", `--${BOUNDARY}\r\n${"x".repeat(5000)}`, "without headers, or with long ones"],
    ["too many parts", `${Array.from({ length: 65 }, (_, index) => field(`a${index}`)).join("")}${END}`, "64 parts"],
  ])("with %s is refused", (_what, text, message) => {
    expect(refusalOf(() => parse(text))).toMatchObject({
      code: "invalid_form",
      message: expect.stringContaining(message),
    });
  });

  it.each([
    ["a text that is too long", encode(`${field("prompt", "x".repeat(131_073))}${END}`), "longer than"],
    [
      "a text that is not UTF-8",
      concatBytes([encode(field("prompt").slice(0, -6)), new Uint8Array([255]), encode(`\r\n${END}`)]),
      "UTF-8",
    ],
  ])("with %s is refused when it is read", (_what, bytes, message) => {
    const error = refusalOf(() => fieldsOf(parseForm(bytes, BOUNDARY)));
    expect(error).toMatchObject({ code: "invalid_form", param: "prompt", message: expect.stringContaining(message) });
  });

  it.each([
    "application/json",
    "multipart/form-data",
    "multipart/mixed; boundary=river",
    "multipart/form-data; boundary=a; boundary=b",
  ])("with the content type %s is a 415", async (contentType) => {
    const request = new Request("http://weir/", {
      method: "POST",
      body: "x",
      headers: { "content-type": contentType },
    });
    await expect(readForm(request)).rejects.toMatchObject({ status: 415, body: { code: "unsupported_media_type" } });
  });

  it("of 20 MB that looks like its boundary everywhere is searched in linear time", () => {
    const boundary = "a".repeat(70);
    const head = encode(`--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n`);
    const body = new Uint8Array(20_000_000).fill(97);
    const startedAt = performance.now();
    const form = parseForm(concatBytes([head, body, encode(`\r\n--${boundary}--`)]), boundary);
    expect(form.parts[0]?.end).toBe(head.length + body.length);
    // A search of quadratic time would take minutes.
    expect(performance.now() - startedAt).toBeLessThan(5000);
  });
});

/** The form as a standard parser reads it: the texts of each name. Files are read as bytes of Latin-1. */
async function standardFields(bytes: Uint8Array<ArrayBuffer>): Promise<Record<string, string[]>> {
  const headers = { "content-type": `multipart/form-data; boundary=${BOUNDARY}` };
  const form = await new Response(bytes, { headers }).formData();
  const fields: Record<string, string[]> = {};
  for (const name of new Set(form.keys())) {
    fields[name] = await Promise.all(
      form.getAll(name).map(async (value) => {
        if (typeof value === "string") return value;
        return `${value.name}:${Buffer.from(await value.arrayBuffer()).toString("latin1")}`;
      }),
    );
  }
  return fields;
}

describe("the body for the provider", () => {
  const names = ["model", "prompt", "size", "words[]"];
  /** Contents that contain almost a boundary. */
  const content = fc
    .array(fc.constantFrom("\r\n", "--", "riv", "--riv", "é", "x", "\r", "\n", "-"), { maxLength: 12 })
    .map((pieces) => pieces.join(""));
  const parts = fc.uniqueArray(fc.tuple(fc.constantFrom(...names, "file"), content), { selector: ([name]) => name });
  const changes = fc.dictionary(
    fc.constantFrom("model", "size", "stream"),
    fc.option(fc.constant("new"), { nil: undefined }),
  );

  it("is the caller's form with the changes, for any order and content", async () => {
    const property = fc.asyncProperty(parts, changes, async (sent, changed) => {
      fc.pre(sent.length > 0);
      const written = sent.map(([name, text]) =>
        name === "file" ? part('Content-Disposition: form-data; name="file"; filename="a"', text) : field(name, text),
      );
      const text = `${written.join("")}${END}`;
      const pieces = formPieces(parse(text), changed);
      const expected = await standardFields(encode(text));
      for (const [name, value] of Object.entries(changed)) {
        if (value === undefined) delete expected[name];
        else expected[name] = [value];
      }
      fc.pre(Object.keys(expected).length > 0);
      expect(await standardFields(concatBytes(pieces))).toEqual(expected);
    });
    await fc.assert(property, { numRuns: 300 });
  });

  it("shares the memory of the form", () => {
    const form = parse(`${field("model")}${field("prompt")}${END}`);
    const [kept] = formPieces(form, { model: "other" });
    expect(kept?.buffer).toBe(form.bytes.buffer);
  });
});
