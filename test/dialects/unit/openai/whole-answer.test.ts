// Whole answers in either dialect: passed through unchanged, or refused as the provider's error.

import { describe, expect, it } from "vitest";
import { chatDialect } from "../../../../src/dialects/chat-completions/decode.ts";
import { passWhole } from "../../../../src/dialects/openai/whole-answer.ts";
import { responsesDialect } from "../../../../src/dialects/responses/decode.ts";
import { refusalOf } from "../../../support/refusals.ts";
import type { Json } from "../../support/responses-events.ts";
import { messageOf, responseOf } from "../../support/responses-events.ts";

const usage = { prompt_tokens: 12, completion_tokens: 30 };
const completion = (text: string, finish_reason: string | null = "stop") =>
  JSON.stringify({ choices: [{ index: 0, message: { role: "assistant", content: text }, finish_reason }], usage });
const response = (text: string, changes: Json = {}) =>
  JSON.stringify(responseOf({ output: [messageOf({ type: "output_text", text })], ...changes }));

describe.each([
  ["Chat Completions", chatDialect, completion],
  ["Responses", responsesDialect, response],
])("a whole answer over %s", (_name, dialect, write) => {
  it("is passed through to the letter, with its progress and its moderated text", () => {
    const body = `${write("A weir.")}  \n`;
    const answer = passWhole(body, dialect);
    expect(answer.conclude({ left: { "tokens/day": 1 }, usd: 0.5 })).toBe(body);
    expect(answer.progress).toMatchObject({ finish: "stop", usage: { input: 12, output: 30 }, outputBytes: 7 });
    expect(answer.allText()).toBe("A weir.");
  });

  it.each(["null", "<html>secret</html>", write("secret").slice(0, -20), ""])(
    "that cannot be decoded is the provider's error, without its text: %j",
    async (body) => {
      const error = await refusalOf(() => passWhole(body, dialect));
      expect(error).toMatchObject({ status: 502, body: { code: "provider_error" } });
      expect(error.body.message).not.toContain("secret");
    },
  );
});

it.each([
  ["without a finish reason", chatDialect, completion("A we", null)],
  ["without choices", chatDialect, JSON.stringify({ choices: [], usage })],
  ["that has not ended", responsesDialect, response("A we", { status: "in_progress" })],
  ["in the other dialect", responsesDialect, completion("A weir.")],
])("a whole answer %s is the provider's error", async (_what, dialect, body) => {
  expect(await refusalOf(() => passWhole(body, dialect))).toMatchObject({ status: 502 });
});

it("a whole answer that is an error has the error in its progress", () => {
  const { progress } = passWhole(JSON.stringify({ error: { message: "It broke." } }), chatDialect);
  expect(progress).toMatchObject({ error: { message: "It broke." }, ended: true });
});
