// The emulated provider's stored prompts: their text, their cost, and refused references.
import { describe, expect, it } from "vitest";
import { countTokens } from "../../../../dev/provider/kernel/generation/tokens.ts";
import { readError } from "../../../provider/support/client.ts";
import { respond, sendResponse } from "../../../provider/support/responses.ts";

const PLAIN = "Answer like somebody who lives beside a weir: calmly, and not for long.";
const variables = { name: "Aare", topic: "low walls" };
const filled = (name: string) =>
  `You are talking to ${name}. Speak about low walls, and whatever else is asked, about low walls.`;
const message = (text: string) => ({ type: "message", role: "developer", content: [{ type: "input_text", text }] });
const withName = (name: unknown) => ({ id: "pmpt_emulated", variables: { ...variables, name } });

describe("a stored prompt", () => {
  it.each([
    ["with variables", { id: "pmpt_emulated", version: "1", variables }, filled("Aare")],
    ["without variables", { id: "pmpt_plain", version: null }, PLAIN],
    ["with a text part", withName({ type: "input_text", text: "Reuss" }), filled("Reuss")],
    ["with a value that looks like a variable", withName("{{topic}} $& $1"), filled("{{topic}} $& $1")],
  ])("%s is counted, and repeated as a message", async (_name, prompt, text) => {
    const alone = await respond({});
    const answer = await respond({ prompt });
    // A message costs 4 tokens more than its text.
    const grown = (answer.usage?.input_tokens ?? 0) - (alone.usage?.input_tokens ?? 0);
    expect(grown).toBe(countTokens(text) + 4);
    expect(answer).toMatchObject({ prompt, instructions: [message(text)] });
    expect(alone).not.toHaveProperty("prompt");
  });

  it("precedes the request's own instructions, and may replace the input", async () => {
    const answer = await respond({ input: undefined, instructions: "Be brief.", prompt: { id: "pmpt_plain" } });
    expect(answer.instructions).toEqual([message(PLAIN), message("Be brief.")]);
  });

  it.each<[string, object, object]>([
    ["an unknown id", { id: "pmpt_none" }, { status: 404, param: "prompt" }],
    ["an unknown version", { id: "pmpt_plain", version: "2" }, { status: 404, param: "prompt" }],
    [
      "missing variables",
      { id: "pmpt_emulated" },
      { param: "prompt.variables", message: "Missing prompt variables: 'name' and 'topic'." },
    ],
  ])("is refused with %s", async (_name, prompt, expected) => {
    expect(await readError(await sendResponse({ prompt }))).toMatchObject({ status: 400, ...expected });
  });
});
