// uses: chat-completions, responses
// The text and images of a slim request that moderation judges, over either dialect.

import { describe, expect, it } from "vitest";
import type { Model } from "../../../../src/core/catalog/resolve.ts";
import { bundledModel } from "../../../support/catalog-documents.ts";
import { preparedSlim, preparedSlimResponses } from "../support/slim-requests.ts";

const TEXT = "They kill.";
const base = bundledModel("o4-mini");
const MODEL: Model = { ...base, fixed: { ...base.fixed, instructions: "Speak as the river." } };
const call = (text: string) => ({ role: "assistant", tools: [{ id: "1", name: "send", arguments: text }] });
const result = (content: string) => ({ role: "tool", id: "1", content });

describe.each([
  ["Chat Completions", preparedSlim],
  ["Responses", preparedSlimResponses],
])("the subject over %s", (_dialect, prepare) => {
  it.each<[string, Record<string, unknown>]>([
    ["the input", { input: TEXT }],
    ["the instructions", { instructions: TEXT }],
    ["a system message", { input: [{ role: "system", content: TEXT }] }],
    ["a user message", { input: [{ role: "user", content: TEXT }] }],
    ["a part", { input: [{ role: "user", content: [{ type: "text", text: TEXT }] }] }],
    ["an assistant message", { input: [{ role: "assistant", content: TEXT }] }],
    ["a tool call's arguments", { input: [call(TEXT), result("")] }],
    ["a tool's output", { input: [call("{}"), result(TEXT)] }],
    ["a tool", { tools: [{ name: "send", description: TEXT }] }],
    ["the format", { format: { description: TEXT } }],
  ])("has the text of %s, and nothing that the alias adds", (_place, changes) => {
    const { text } = prepare(changes, MODEL).subject;
    expect(text).toContain(TEXT);
    expect(text).not.toContain("river");
  });

  it("has the images", () => {
    const input = [{ role: "user", content: [{ type: "image", url: "https://a.test/1.png" }] }];
    expect(prepare({ input }, MODEL).subject.images).toEqual(["https://a.test/1.png"]);
  });
});
