// The scan of training files: its facts, and the faults that it names.

import { describe, expect, it } from "vitest";
import { createTrainingScan } from "../../../../src/features/files-batch/training-scan.ts";
import { refusalOf } from "../../../support/refusals.ts";

const user = (content: unknown) => ({ role: "user", content });
const IMAGE = { type: "image_url", image_url: { url: "https://weir.test/a.png" } };
const supervised = (...messages: unknown[]) => ({ messages });
const preference = {
  input: { messages: [user([IMAGE])] },
  preferred_output: [{ role: "assistant", content: "Yes" }],
  non_preferred_output: [{ role: "assistant", content: "No" }],
};

/** The facts of a file with these lines. */
function scan(...lines: unknown[]): unknown {
  const training = createTrainingScan();
  for (const [index, line] of lines.entries()) {
    void training.add(typeof line === "string" ? line : JSON.stringify(line), index + 1);
  }
  return JSON.parse(training.conclude() ?? "");
}

describe("a training file", () => {
  it("counts examples and images", () => {
    const tool = { role: "assistant", content: null, tool_calls: [] };
    const example = supervised(user([IMAGE, { type: "text", text: "?" }, IMAGE]), tool);
    expect(scan(example, supervised(user("Hi")))).toEqual({ method: "supervised", lines: 2, images: 2 });
    expect(scan(preference)).toEqual({ method: "dpo", lines: 1, images: 1 });
  });

  it.each([
    ["nothing", [], "The file has no examples."],
    ["no JSON", ["{"], "line 1: it is not valid JSON."],
    ["a list", [[]], "line 1: "],
    ["an object without messages", [supervised(user("Hi")), {}], "line 2: 'messages' is required."],
    ["no message", [supervised()], "line 1: 'messages' must not be empty."],
    ["a message without a role", [supervised({ content: "Hi" })], "line 1: 'messages.0.role' is required."],
    ["audio", [supervised(user([{ type: "input_audio" }]))], "line 1: 'messages.0.content.0.type' must be one of"],
    ["half a preference", [{ ...preference, preferred_output: undefined }], "line 1: 'preferred_output' is required."],
    ["both methods", [preference, supervised(user("Hi"))], "line 2: it is an example for supervised, and the first"],
    ["deep JSON", [`{"messages":${"[".repeat(40)}${"]".repeat(40)}}`], "line 1: The body is nested"],
  ])("with %s is refused", async (_what, lines, message) => {
    const { status, body } = await refusalOf(() => scan(...lines));
    expect([status, body]).toMatchObject([400, { message: expect.stringContaining(message) }]);
  });
});
