// The emulated provider's prompts: what they show the model, what that costs, and which requests for them are refused.
import { describe, expect, it } from "vitest";
import { countTokens } from "../../../../dev/provider/kernel/generation/tokens.ts";
import { readError, send } from "../../../provider/support/client.ts";
import { respond, sendResponse } from "../../../provider/support/responses.ts";

const PLAIN = "Answer like somebody who lives beside a weir: calmly, and not for long.";
const variables = { name: "Aare", topic: "low walls" };
const filled = (name: string, topic: string) =>
  `You are talking to ${name}. Speak about ${topic}, and whatever else is asked, about ${topic}.`;

const message = (text: string) => ({ type: "message", role: "developer", content: [{ type: "input_text", text }] });

describe("a prompt", () => {
  it.each([
    ["with variables", { id: "pmpt_emulated", variables }, filled("Aare", "low walls")],
    ["of a version", { id: "pmpt_emulated", version: "1", variables }, filled("Aare", "low walls")],
    ["without variables", { id: "pmpt_plain" }, PLAIN],
    ["with nulls", { id: "pmpt_plain", version: null, variables: null }, PLAIN],
    [
      "with a text part",
      { id: "pmpt_emulated", variables: { ...variables, name: { type: "input_text", text: "Reuss" } } },
      filled("Reuss", "low walls"),
    ],
    [
      "with a variable that looks like one",
      { id: "pmpt_emulated", variables: { ...variables, name: "{{topic}} $& $1" } },
      filled("{{topic}} $& $1", "low walls"),
    ],
  ])("%s costs what its text has, and stands in the response", async (_name, prompt, text) => {
    const alone = await respond({});
    const answer = await respond({ prompt });
    // The text with the 4 tokens around it.
    const grown = (answer.usage?.input_tokens ?? 0) - (alone.usage?.input_tokens ?? 0);
    expect(grown).toBe(countTokens(text) + 4);
    expect(answer).toMatchObject({ prompt, instructions: [message(text)] });
    expect(alone).toMatchObject({ instructions: null });
    expect(alone).not.toHaveProperty("prompt");
  });

  it("stands before the request's own instructions", async () => {
    const instructions = "Be brief.";
    const [own, both] = [
      await respond({ instructions }),
      await respond({ instructions, prompt: { id: "pmpt_plain" } }),
    ];
    expect(both.instructions).toEqual([message(PLAIN), message(instructions)]);
    expect((both.usage?.input_tokens ?? 0) - (own.usage?.input_tokens ?? 0)).toBe(countTokens(PLAIN) + 4);
  });

  it("is not carried on to the response that follows", async () => {
    const [first, alone] = [await respond({ prompt: { id: "pmpt_plain" } }), await respond({})];
    const [second, after] = [
      await respond({ previous_response_id: first.id }),
      await respond({ previous_response_id: alone.id }),
    ];
    expect(second.instructions).toBeNull();
    expect(second.usage?.input_tokens).toBe(after.usage?.input_tokens);
  });

  it("may stand for the input", async () => {
    const answer = await respond({ input: undefined, prompt: { id: "pmpt_plain" } });
    expect(answer).toMatchObject({ status: "completed", usage: { input_tokens: 3 + 4 + countTokens(PLAIN) } });
  });
});

describe("what prompts refuse", () => {
  const refusals: [string, unknown, object][] = [
    ["an id that nobody has", { id: "pmpt_none" }, { status: 404, param: "prompt" }],
    ["an unknown version", { id: "pmpt_plain", version: "2" }, { status: 404, param: "prompt" }],
    ["a version that is a number", { id: "pmpt_plain", version: 1 }, { code: "invalid_type", param: "prompt.version" }],
    ["no id", {}, { code: "missing_required_parameter", param: "prompt.id" }],
    ["what is no object", "pmpt_plain", { code: "invalid_type", param: "prompt" }],
    ["an unknown field", { id: "pmpt_plain", text: "Hi" }, { code: "unknown_parameter", param: "prompt.text" }],
    [
      "missing variables",
      { id: "pmpt_emulated" },
      { param: "prompt.variables", message: "Missing prompt variables: 'name' and 'topic'." },
    ],
    [
      "one missing variable",
      { id: "pmpt_emulated", variables: { name: "Aare" } },
      { param: "prompt.variables", message: "Missing prompt variables: 'topic'." },
    ],
    ["variables that are a list", { id: "pmpt_plain", variables: [] }, { param: "prompt.variables" }],
    [
      "a picture as a variable",
      { id: "pmpt_emulated", variables: { ...variables, name: { type: "input_image" } } },
      { param: "prompt.variables.name" },
    ],
  ];
  it.each(refusals)("%s", async (_name, prompt, expected) => {
    const error = await readError(await sendResponse({ prompt }));
    expect(error).toMatchObject({ status: 400, type: "invalid_request_error", ...expected });
  });

  it("to be counted", async () => {
    const body = { model: "gpt-5-mini", input: "Hi", prompt: { id: "pmpt_plain" } };
    const error = await readError(await send("POST", "/v1/responses/input_tokens", body));
    expect(error).toMatchObject({ status: 400, code: "unknown_parameter", param: "prompt" });
  });
});
