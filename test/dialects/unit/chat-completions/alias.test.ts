// A Chat Completions body for an alias that fixes instructions, an output limit or an effort.

import { describe, expect, it } from "vitest";
import type { Fixed, Model } from "../../../../src/core/catalog/resolve.ts";
import { countBody } from "../../../../src/dialects/chat-completions/count.ts";
import { bundledModel } from "../../../support/catalog-documents.ts";
import { refusalOf } from "../../../support/refusals.ts";
import { preparedChat, writtenChat } from "../../support/chat-requests.ts";

const fixing = (fixed: Partial<Fixed>): Model => ({ ...bundledModel("o4-mini"), requestedName: "fast", fixed });
const limitOf = (changes: Record<string, unknown>) =>
  preparedChat(changes, fixing({ max_output_tokens: 100 })).demand.maxOutputTokens;

describe("an alias with instructions", () => {
  const model = fixing({ instructions: "Be brief." });
  const fixed = { role: "system", content: "Be brief." };

  it("sends them before all messages", () => {
    const messages = [
      { role: "developer", content: "Be long." },
      { role: "user", content: "Hi" },
    ];
    expect(writtenChat({ messages }, model).messages).toEqual([fixed, ...messages]);
  });

  it("counts them in the exact count and in the input bytes", () => {
    const { request, demand } = preparedChat({}, model);
    expect(JSON.parse(countBody(request) ?? "null")).toMatchObject({ input: [fixed, { role: "user", content: "Hi" }] });
    expect(demand.inputBytes - preparedChat().demand.inputBytes).toBe(JSON.stringify(fixed).length + 1);
  });
});

it("an alias's output limit caps the caller's", () => {
  expect([{}, { max_tokens: null }, { max_completion_tokens: 9000 }, { max_tokens: 30 }].map(limitOf)).toEqual([
    100, 100, 100, 30,
  ]);
});

describe("an alias with an effort", () => {
  const model = fixing({ effort: "low" });

  it.each([{}, { reasoning_effort: null }, { reasoning_effort: "low" }])("sends it for %j", (changes) => {
    expect(writtenChat(changes, model).reasoning_effort).toBe("low");
  });

  it("refuses another effort by name", async () => {
    const error = await refusalOf(() => preparedChat({ reasoning_effort: "high" }, model));
    expect(error).toMatchObject({
      status: 400,
      body: {
        code: "unsupported_value",
        param: "reasoning_effort",
        message: "The model 'fast' always answers with the effort 'low'. Leave 'reasoning_effort' out.",
      },
    });
  });
});
