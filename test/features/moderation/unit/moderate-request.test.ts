// The schema of POST /moderate, and the subjects of a request.

import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { isTextList, ModerateRequest, subjectsOf } from "../../../../src/features/moderation/moderate-request.ts";

const request = (input: unknown) => v.parse(ModerateRequest, { input });
const isValid = (fields: object) => v.safeParse(ModerateRequest, fields).success;
const URL = "https://pictures.test/1.png";
const image = (url = URL) => ({ type: "image", url });
const text = (words: string) => ({ type: "text", text: words });
const times = (count: number, entry: unknown) => Array.from({ length: count }, () => entry);

describe("a request to moderate", () => {
  it.each<[string, unknown]>([
    ["a text and a part", ["Hi", text("Hi")]],
    ["a part and a text", [image(), "Hi"]],
    ["nothing", []],
    ["33 texts", times(33, "Hi")],
    ["33 parts", times(33, text("Hi"))],
    ["a nested list", [["Hi"]]],
    ["a number", 7],
    ["null in a list", [null]],
    ["a part of another type", [{ type: "audio", url: "https://pictures.test/1.mp3" }]],
    ["a part with another field", [{ ...text("Hi"), role: "user" }]],
    ["an image over http", [image("http://pictures.test/1.png")]],
    ["an image without a URL", [{ type: "image" }]],
  ])("is refused with %s", (_what, input) => {
    expect(isValid({ input })).toBe(false);
  });

  it.each<[string, unknown]>([
    ["32 texts", times(32, "Hi")],
    ["parts", [text("Hi"), image(), image("data:image/png;base64,AA")]],
  ])("is accepted with %s", (_what, input) => {
    expect(isValid({ input })).toBe(true);
  });

  it("has defaults and no other field", () => {
    expect(request("Hi")).toEqual({ input: "Hi", policy: "default", stream: false });
    expect(isValid({ input: "Hi", model: "o4-mini" })).toBe(false);
  });

  it.each<[unknown, boolean, object[]]>([
    ["Hi", false, [{ text: "Hi", images: [] }]],
    [[text("Hi"), image()], false, [{ text: "Hi", images: [URL] }]],
    [[image()], false, [{ text: "", images: [URL] }]],
    [[text("Hi"), text("Ho")], false, [{ text: "Hi\nHo", images: [] }]],
    [["Hi"], true, [{ text: "Hi", images: [] }]],
    [
      ["Hi", "Ho"],
      true,
      [
        { text: "Hi", images: [] },
        { text: "Ho", images: [] },
      ],
    ],
  ])("has one subject, or one for each text of a list: %j", (input, isListOfTexts, subjects) => {
    expect([isTextList(request(input)), subjectsOf(request(input))]).toEqual([isListOfTexts, subjects]);
  });
});
