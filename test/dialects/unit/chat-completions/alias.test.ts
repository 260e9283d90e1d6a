// The Chat Completions body for an alias with fixed instructions, output limit or effort.

import { describe, expect, it } from "vitest";
import type { Fixed, Model } from "../../../../src/core/catalog/resolve.ts";
import { countChatInput } from "../../../../src/dialects/chat-completions/count.ts";
import { bundledModel } from "../../../support/catalog-documents.ts";
import { refusalOf } from "../../../support/refusals.ts";
import { preparedChat, writtenChat } from "../../support/chat-requests.ts";

const fixing = (fixed: Partial<Fixed>): Model => ({ ...bundledModel("o4-mini"), requestedName: "fast", fixed });
const limitOf = (changes: Record<string, unknown>) =>
  preparedChat(changes, fixing({ max_output_tokens: 100 })).demand.maxOutputTokens;

it("the alias's instructions precede all messages, and are counted and bounded", () => {
  const model = fixing({ instructions: "Be brief." });
  const fixed = { role: "system", content: "Be brief." };
  const messages = [
    { role: "developer", content: "Be long." },
    { role: "user", content: "Hi" },
  ];
  expect(writtenChat({ messages }, model).messages).toEqual([fixed, ...messages]);
  const { request, demand } = preparedChat({}, model);
  expect(JSON.parse(countChatInput(request) ?? "null")).toMatchObject({ input: [fixed, messages[1]] });
  expect(demand.inputBytes - preparedChat().demand.inputBytes).toBe(JSON.stringify(fixed).length + 1);
});

it("the alias's output limit caps the caller's", () => {
  const limits = [{}, { max_tokens: null }, { max_completion_tokens: 9000 }, { max_tokens: 30 }].map(limitOf);
  expect(limits).toEqual([100, 100, 100, 30]);
});

describe("an alias with an effort", () => {
  const model = fixing({ effort: "low" });

  it.each([{}, { reasoning_effort: null }, { reasoning_effort: "low" }])("sends it for %j", (changes) => {
    expect(writtenChat(changes, model).reasoning_effort).toBe("low");
  });

  it("refuses another effort by name", async () => {
    const error = await refusalOf(() => preparedChat({ reasoning_effort: "high" }, model));
    const message = "The model 'fast' always answers with the effort 'low'. Leave 'reasoning_effort' out.";
    const body = { code: "unsupported_value", param: "reasoning_effort", message };
    expect(error).toMatchObject({ status: 400, body });
  });
});
