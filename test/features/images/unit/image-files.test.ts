// The files of an edit: their format by their first bytes, their number, and data URLs for moderation.

import { describe, expect, it } from "vitest";
import { parseForm } from "../../../../src/core/http/multipart.ts";
import { imageFilesOf, toDataUrls } from "../../../../src/features/images/image-files.ts";

const PNG = "\x89PNG\r\n\x1a\n0000";
const JPEG = "\xff\xd8\xff\xe0 photo";
const WEBP = "RIFF\n\r\0\0WEBPVP8 ";

interface Part {
  name: string;
  content: string;
  type?: string | undefined;
  isText?: boolean;
}

function filesOf(...parts: Part[]) {
  const text = parts.map(({ name, content, type, isText }) => {
    const filename = isText ? "" : '; filename="a"';
    const declared = type === undefined ? "" : `content-type: ${type}\r\n`;
    return `--b\r\ncontent-disposition: form-data; name="${name}"${filename}\r\n${declared}\r\n${content}\r\n`;
  });
  const bytes = new Uint8Array(Buffer.from(`${text.join("")}--b--\r\n`, "latin1"));
  return imageFilesOf(parseForm(bytes, "b"));
}

const image = (content: string, type?: string, name = "image"): Part => ({ name, content, type });
const refusal = (code: string, message: RegExp) =>
  expect.objectContaining({
    body: expect.objectContaining({ code, message: expect.stringMatching(message) as string }) as object,
  }) as object;

describe("the files of a form", () => {
  it.each([
    ["png", PNG, "image/png", "image/png"],
    ["jpeg", JPEG, "image/jpeg", "image/jpeg"],
    ["jpeg under its other name", JPEG, "image/JPG", "image/jpeg"],
    ["webp", WEBP, "image/webp", "image/webp"],
    ["webp of unknown type", WEBP, "application/octet-stream", "image/webp"],
    ["png without a type", PNG, undefined, "image/png"],
    ["png with a parameter", PNG, "image/png; name=a", "image/png"],
  ])("can be %s", (_, content, declared, type) => {
    const { images, hasMask } = filesOf(image(content, declared));
    expect(images.map((file) => [file.type, file.bytes.length])).toEqual([[type, content.length]]);
    expect(hasMask).toBe(false);
  });

  it("can be several, with a mask and text", () => {
    const text = { name: "prompt", content: "a boat", isText: true };
    const files = filesOf(
      image(PNG, undefined, "image[]"),
      image(JPEG, undefined, "image[]"),
      text,
      image(PNG, "", "mask"),
    );
    expect([files.images.length, files.hasMask]).toEqual([2, true]);
  });

  it.each([
    ["another format", [image("GIF89a", "image/gif")], "unsupported_format", /image\/webp/],
    ["an empty file", [image("")], "unsupported_format", /'image'/],
    ["the beginning of a signature", [image("RIFF\0\0\0\0WEB")], "unsupported_format", /'image'/],
    ["another type than declared", [image(PNG, "image/jpeg")], "unsupported_format", /is image\/png/],
    ["a mask that is no png", [image(PNG), image(JPEG, undefined, "mask")], "unsupported_format", /'mask'/],
    ["a text for an image", [{ name: "image", content: PNG, isText: true }], "invalid_request", /must be a file/],
    ["a file in another field", [image(PNG), image(PNG, undefined, "markup")], "unsupported_parameter", /'markup'/],
    ["no image", [image(PNG, undefined, "mask")], "invalid_request", /is required/],
    [
      "17 images",
      Array.from({ length: 17 }, () => image(PNG, undefined, "image[]")),
      "invalid_request",
      /has 17 files. Send 1 to 16/,
    ],
  ])("cannot be %s", (_, parts, code, message) => {
    expect(() => filesOf(...parts)).toThrow(refusal(code, message));
  });
});

describe("the data URLs for moderation", () => {
  it("have the bytes of the files, of any length", () => {
    for (const length of [1, 2, 3, 24_576, 24_577, 100_000]) {
      const bytes = Uint8Array.from({ length }, (_, index) => index % 251);
      const [url = ""] = toDataUrls([{ type: "image/png", bytes }]);
      expect(url).toBe(`data:image/png;base64,${Buffer.from(bytes).toString("base64")}`);
    }
  });

  it("are not made of more than 8 MB", () => {
    const file = { type: "image/png", bytes: new Uint8Array(5 * 1024 * 1024) };
    expect(() => toDataUrls([file, file])).toThrow(refusal("unsupported_value", /8 MB/));
  });
});
