// uses: chat-completions, responses, slim-chat
// What is judged of a chat: all that its caller says in it, in whatever place, and nothing that an alias adds.

import * as v from "valibot";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Model } from "../../../../src/core/catalog/resolve.ts";
import { passChat, slimChat } from "../../../../src/features/chat-completions/exchange.ts";
import { slimResponses } from "../../../../src/features/responses/exchange.ts";
import { responsesBody } from "../../../../src/dialects/responses/body.ts";
import { ResponsesRequestSchema } from "../../../../src/dialects/responses/request.ts";
import type { Subject } from "../../../../src/dialects/openai/subject.ts";
import { bundledCatalog, bundledModel } from "../../../support/catalog-documents.ts";
import { chatRequest, slimRequest } from "../../../support/chat-requests.ts";
import { prepared } from "../../../support/ways.ts";

type Json = Record<string, unknown>;

const PICTURE = "https://pictures.test/1.png";
const DATA = "data:image/png;base64,AA";
const base = bundledModel("o4-mini");
const MODEL: Model = { ...base, fixed: { ...base.fixed, instructions: "Speak as the river." } };

const ofChat = (changes: Json): Subject => prepared(passChat(chatRequest(changes)), MODEL).subject;
const ofSlim = (changes: Json): Subject => prepared(slimChat(slimRequest(changes)), MODEL).subject;
const ofSlimResponses = (changes: Json): Subject => prepared(slimResponses(slimRequest(changes)), MODEL).subject;
function ofResponses(changes: Json): Subject {
  const asked = v.parse(ResponsesRequestSchema, { model: "o4-mini", input: "Hi", ...changes });
  const { responses } = bundledCatalog();
  return responsesBody(asked, MODEL, { ...responses, prompts: { river: { input_tokens: 100 } } }).subject;
}

/** A slim tool call, and its output. */
const CALL = { role: "assistant", tools: [{ id: "1", name: "send", arguments: "{}" }] };
const OUTPUT = { role: "tool", id: "1", content: "sent" };

/** Places of each dialect at which a text can stand. */
const call = (text: string) => ({ id: "call_1", type: "function", function: { name: "send", arguments: text } });
const PLACES: Record<string, [string, (text: string) => Subject][]> = {
  "/v1/chat/completions": [
    ...["system", "developer", "user", "assistant", "tool"].map((role): [string, (text: string) => Subject] => [
      `a message of ${role}`,
      (text) =>
        ofChat({
          messages: [
            { role: "user", content: "Hi" },
            { role, content: text, tool_call_id: "call_1" },
          ],
        }),
    ]),
    ["a part", (text) => ofChat({ messages: [{ role: "user", content: [{ type: "text", text }] }] })],
    ["a refusal", (refusal) => ofChat({ messages: [{ role: "assistant", content: [{ type: "refusal", refusal }] }] })],
    [
      "a tool call's arguments",
      (text) => ofChat({ messages: [{ role: "assistant", content: null, tool_calls: [call("{}"), call(text)] }] }),
    ],
  ],
  "/v1/responses": [
    ["the input", (input) => ofResponses({ input })],
    ["the instructions", (instructions) => ofResponses({ instructions })],
    ["a prompt's variable", (text) => ofResponses({ prompt: { id: "river", variables: { one: "Hi", other: text } } })],
    ...["system", "developer", "user", "assistant"].map((role): [string, (text: string) => Subject] => [
      `a message of ${role}`,
      (content) => ofResponses({ input: [{ role, content }] }),
    ]),
    ["a part", (text) => ofResponses({ input: [{ role: "user", content: [{ type: "input_text", text }] }] })],
    [
      "a part of an earlier answer",
      (text) => ofResponses({ input: [{ role: "assistant", content: [{ type: "output_text", text }] }] }),
    ],
    [
      "a refusal",
      (refusal) => ofResponses({ input: [{ role: "assistant", content: [{ type: "refusal", refusal }] }] }),
    ],
    [
      "a tool call's arguments",
      (text) => ofResponses({ input: [{ type: "function_call", call_id: "1", name: "send", arguments: text }] }),
    ],
    ["a tool's output", (output) => ofResponses({ input: [{ type: "function_call_output", call_id: "1", output }] })],
    [
      "a part of a tool's output",
      (text) =>
        ofResponses({
          input: [{ type: "custom_tool_call_output", call_id: "1", output: [{ type: "input_text", text }] }],
        }),
    ],
    [
      "what a model thought",
      (text) => ofResponses({ input: [{ type: "reasoning", content: [{ type: "reasoning_text", text }] }] }),
    ],
  ],
  ...Object.fromEntries(
    [["/chat", ofSlim] as const, ["/chat over responses", ofSlimResponses] as const].map(
      ([name, of]): [string, [string, (text: string) => Subject][]] => [
        name,
        [
          ["the input", (input) => of({ input })],
          ["the instructions", (instructions) => of({ instructions })],
          ["a message of system", (content) => of({ input: [{ role: "system", content }] })],
          ["a message of user", (content) => of({ input: [{ role: "user", content }] })],
          ["a part", (text) => of({ input: [{ role: "user", content: [{ type: "text", text }] }] })],
          ["a message of assistant", (content) => of({ input: [{ role: "assistant", content }] })],
          [
            "a tool call's arguments",
            (text) =>
              of({ input: [{ role: "assistant", tools: [{ id: "1", name: "send", arguments: text }] }, OUTPUT] }),
          ],
          ["a tool's output", (content) => of({ input: [CALL, { ...OUTPUT, content }] })],
        ],
      ],
    ),
  ),
};
const ALL = Object.entries(PLACES).flatMap(([dialect, places]) =>
  places.map(([place, of]) => [dialect, place, of] as const),
);

const chatPicture = (url: string) => ({ type: "image_url", image_url: { url } });
const image = (url: string) => ({ type: "input_image", image_url: url });

describe("what is judged of a chat", () => {
  it.each(ALL)("over %s has the text of %s", (_dialect, _place, of) => {
    const words = fc.string({ unit: fc.constantFrom("a", "b", "é", "🌊", " ", "{", ":"), minLength: 1 });
    const property = fc.property(words, (text) => {
      expect(of(text).text).toContain(text);
    });
    fc.assert(property, { numRuns: 20 });
  });

  it.each(ALL)("over %s, %s, has nothing that the alias adds", (_dialect, _place, of) => {
    expect(of("Hi").text).not.toContain("river");
  });

  it.each(["url", "id", "type", "role", "status", "detail"])(
    "has the text of a prompt's variable, though it is called %s",
    (name) => {
      const variables = { [name]: "They kill.", other: "Hi" };
      expect(ofResponses({ input: "Ho", prompt: { id: "river", variables } }).text).toBe("Ho\nThey kill.\nHi");
    },
  );

  it("has all texts, each in a line of its own, as they were written", () => {
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

  it("has the pictures of every message and tool, wherever they are", () => {
    const messages = [
      { role: "user", content: [chatPicture(PICTURE)] },
      { role: "assistant", content: [chatPicture(DATA)] },
    ];
    expect(ofChat({ messages })).toEqual({ text: "", images: [PICTURE, DATA] });
    const slim = { input: [{ role: "user", content: [{ type: "image", url: PICTURE }] }] };
    expect([ofSlim(slim).images, ofSlimResponses(slim).images]).toEqual([[PICTURE], [PICTURE]]);
    const input = [
      { role: "user", content: [image(PICTURE)] },
      { type: "function_call_output", call_id: "1", output: [image(DATA)] },
    ];
    expect(ofResponses({ input }).images).toEqual([PICTURE, DATA]);
  });
});
