// The text and images of a request that moderation judges: what the caller wrote, and nothing that an alias adds.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Model } from "../../../../src/core/catalog/resolve.ts";
import type { Subject } from "../../../../src/dialects/openai/subject.ts";
import { bundledModel } from "../../../support/catalog-documents.ts";
import { preparedChat } from "../../support/chat-requests.ts";
import { catalogAllowing, EVERYTHING, preparedBody } from "../../support/responses-requests.ts";

type Json = Record<string, unknown>;

const PICTURE = "https://pictures.test/1.png";
const DATA = "data:image/png;base64,AA";
const base = bundledModel("o4-mini");
const MODEL: Model = { ...base, fixed: { ...base.fixed, instructions: "Speak as the river." } };
const CATALOG = catalogAllowing(EVERYTHING);

const chatImage = (url: string) => ({ type: "image_url", image_url: { url } });
const image = (url: string) => ({ type: "input_image", image_url: url });
const ofChat = (changes: Json): Subject => preparedChat(changes, MODEL).subject;
const ofResponses = (changes: Json): Subject => preparedBody(changes, MODEL, CATALOG).subject;

describe("the subject of a request", () => {
  it("has a text as it was written, in either dialect", () => {
    const words = fc.string({ unit: fc.constantFrom("a", "é", "🌊", " ", "{", ":", '"', "\n"), minLength: 1 });
    const property = fc.property(words, (text) => {
      expect(ofChat({ messages: [{ role: "user", content: text }] }).text).toBe(text);
      expect(ofResponses({ input: text }).text).toBe(text);
    });
    fc.assert(property, { numRuns: 100 });
  });

  it("has all texts, each in a line of its own", () => {
    const messages = [
      { role: "system", content: 'Be "kind".\n' },
      {
        role: "user",
        content: [
          { type: "text", text: "One" },
          { type: "text", text: "Two" },
        ],
      },
      { role: "assistant", content: "" },
      { role: "user", content: "Three" },
    ];
    expect(ofChat({ messages }).text).toBe('Be "kind".\n\nOne\nTwo\nThree');
  });

  it("has a prompt's variable, even one that is called like a field without text", () => {
    const variables = { url: "1", id: "2", type: "3", role: "4", status: "5", detail: "6" };
    expect(ofResponses({ input: "Ho", prompt: { id: "pmpt_1", variables } }).text).toBe("Ho\n1\n2\n3\n4\n5\n6");
  });

  it("has the images of every message and tool output", () => {
    const messages = [
      { role: "user", content: [chatImage(PICTURE)] },
      { role: "assistant", content: [chatImage(DATA)] },
    ];
    expect(ofChat({ messages })).toEqual({ text: "", images: [PICTURE, DATA] });
    const input = [
      { role: "user", content: [image(PICTURE)] },
      { type: "function_call_output", call_id: "1", output: [image(DATA)] },
    ];
    expect(ofResponses({ input }).images).toEqual([PICTURE, DATA]);
  });
});
