// The emulated judge: verdicts, scripts in the judged text, and the words that make the judge fail.
import { describe, expect, it } from "vitest";
import { tokenize } from "../../../../dev/provider/kernel/generation/tokens.ts";
import { complete, scriptedText, sendChat, stream, user } from "../../../provider/support/client.ts";
import { joinDeltas, respond, sendResponse, streamResponse } from "../../../provider/support/responses.ts";

interface VerdictEntry {
  name: string;
  action: string;
  quote: string;
  why: string;
}

const NAMES = ["spam", "off-topic", "c++ (old)"];

function verdictSchema(names: string[]) {
  const text = { type: "string" };
  const action = { type: "string", enum: ["allow", "review", "block"] };
  const entry = {
    type: "object",
    properties: { name: { type: "string", enum: names }, action, quote: text, why: text },
    required: ["name", "action", "quote", "why"],
    additionalProperties: false,
  };
  const rules = { type: "array", items: entry };
  return { type: "object", properties: { rules }, required: ["rules"], additionalProperties: false };
}

const format = { name: "verdict", schema: verdictSchema(NAMES), strict: true };
const chatFields = (text: string, json_schema: object = format) => ({
  messages: [{ role: "system", content: "Judge. emulate-spam" }, user(text)],
  response_format: { type: "json_schema", json_schema },
});
const responseFields = (input: string) => ({
  instructions: "Judge. emulate-spam",
  input,
  text: { format: { type: "json_schema", ...format } },
});

async function judgeInChat(text: string, json_schema?: object) {
  const { choices } = await complete(chatFields(text, json_schema));
  return { finish: choices[0]?.finish_reason, ...choices[0]?.message };
}

async function judge(text: string): Promise<VerdictEntry[]> {
  const { content, finish } = await judgeInChat(text);
  expect(finish).toBe("stop");
  return (JSON.parse(content ?? "") as { rules: VerdictEntry[] }).rules;
}

const allowed = (name: string) => ({ name, action: "allow", quote: "", why: expect.stringMatching(/\.$/) });
const actionsOf = async (text: string) => (await judge(text)).map((entry) => entry.action);

describe("a verdict", () => {
  it("has every rule in order, with the action and the quote", async () => {
    expect(await judge("Hello, is this spam?")).toEqual(NAMES.map(allowed));
    expect(await judge("x Emulate-SPAM, and emulate-review-off-topic!")).toEqual([
      { name: "spam", action: "block", quote: "Emulate-SPAM", why: expect.stringContaining("Emulate-SPAM") },
      { name: "off-topic", action: "review", quote: "emulate-review-off-topic", why: expect.any(String) },
      allowed("c++ (old)"),
    ]);
  });

  it.each([
    ["emulate-c++ (old)", ["allow", "allow", "block"]],
    ["emulate-review-spam emulate-spam", ["block", "allow", "allow"]],
    ["emulate-spam-links emulate-spammer emulate-off-topical", ["allow", "allow", "allow"]],
  ])("finds whole rule names: %s", async (text, actions) => {
    expect(await actionsOf(text)).toEqual(actions);
  });

  it("is the same in both dialects, whole and streamed", async () => {
    const text = "emulate-spam";
    const { content } = await judgeInChat(text);
    const whole = await respond(responseFields(text));
    expect([whole.status, whole.output.at(-1)]).toMatchObject(["completed", { content: [{ text: content }] }]);
    const deltas = (await stream(chatFields(text))).flatMap((chunk) => chunk.choices[0]?.delta.content || []);
    expect(deltas).toEqual(tokenize(content ?? ""));
    expect(joinDeltas(await streamResponse(responseFields(text)), "response.output_text.delta")).toBe(content);
  });

  it("needs a schema with that name", async () => {
    const other = await judgeInChat("emulate-spam", { ...format, name: "other" });
    expect(JSON.parse(other.content ?? "")).toMatchObject({ rules: [{ action: "allow" }] });
  });

  it("ignores every script in the judged text", async () => {
    const script = { status: 500, cut_after: 0 };
    expect(await actionsOf(scriptedText(script))).toEqual(["allow", "allow", "allow"]);
    expect(await actionsOf(`Judge:\n${scriptedText(script, "emulate-spam")}`)).toEqual(["block", "allow", "allow"]);
  });
});

describe("a judge that fails", () => {
  it("refuses", async () => {
    const { finish, content, refusal } = await judgeInChat("emulate-judge-refuses");
    expect([finish, content]).toEqual(["stop", null]);
    const { output } = await respond(responseFields("emulate-judge-refuses"));
    expect(output.at(-1)).toMatchObject({ content: [{ type: "refusal", refusal }] });
  });

  it("writes half of the JSON", async () => {
    const whole = tokenize((await judgeInChat("Hi")).content ?? "");
    const half = whole.slice(0, Math.floor(whole.length / 2)).join("");
    expect(await judgeInChat("emulate-judge-truncates")).toMatchObject({ finish: "length", content: half });
    const events = await streamResponse(responseFields("emulate-judge-truncates"));
    expect(events.at(-1)?.type).toBe("response.incomplete");
  });

  it("invents a rule and an action", async () => {
    const entries = await judge("Emulate-Judge-Invents emulate-off-topic");
    expect(entries.map(({ name, action }) => `${name}: ${action}`)).toEqual([
      "spam: punish",
      "off-topic: block",
      "c++ (old): allow",
      "emulated-invention: block",
    ]);
  });

  it("returns a 500", async () => {
    expect((await sendChat(chatFields("emulate-judge-fails"))).status).toBe(500);
    expect((await sendResponse({ ...responseFields("emulate-judge-fails"), stream: true })).status).toBe(500);
  });
});
