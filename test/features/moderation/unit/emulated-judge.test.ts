// The emulated model as a judge: its verdicts, the ways in which it fails, and that it never does what it judges.
import { beforeEach, describe, expect, it } from "vitest";
import type { Totals } from "../../../../dev/provider/kernel/exchange.ts";
import { tokenize } from "../../../../dev/provider/kernel/generation/tokens.ts";
import { complete, readError, readJson, send, sendChat, stream, user } from "../../../provider/support/client.ts";
import {
  joinDeltas,
  respond,
  scriptedInput,
  sendResponse,
  streamResponse,
} from "../../../provider/support/responses.ts";
import { repeatUntil } from "../../../support/repeat.ts";

interface Entry {
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
const chatFields = (text: string) => ({
  messages: [{ role: "system", content: "Judge. emulate-spam" }, user(text)],
  response_format: { type: "json_schema", json_schema: format },
});
const responseFields = (input: string) => ({
  instructions: "Judge. emulate-spam",
  input,
  text: { format: { type: "json_schema", ...format } },
});

async function judgeInChat(text: string) {
  const { choices } = await complete(chatFields(text));
  return { finish: choices[0]?.finish_reason, ...choices[0]?.message };
}

async function judge(text: string): Promise<Entry[]> {
  const { content, finish } = await judgeInChat(text);
  expect(finish).toBe("stop");
  return (JSON.parse(content ?? "") as { rules: Entry[] }).rules;
}

/** The answer to a text that breaks a rule, in that format. */
async function completeAs(json_schema: object) {
  return complete({ messages: [user("emulate-spam")], response_format: { type: "json_schema", json_schema } });
}

async function readStats(): Promise<Totals> {
  return readJson<Totals>(await send("GET", "/__stats"));
}

const allowed = (name: string) => ({ name, action: "allow", quote: "", why: expect.stringMatching(/\.$/) });

describe("a verdict", () => {
  it("allows every rule in order, with no words for it", async () => {
    expect(await judge("Hello, is this spam?")).toEqual(NAMES.map(allowed));
  });

  it("blocks and reviews what the text names, and quotes it as it stands there", async () => {
    expect(await judge("x Emulate-SPAM, and emulate-review-off-topic!")).toEqual([
      { name: "spam", action: "block", quote: "Emulate-SPAM", why: expect.stringContaining("Emulate-SPAM") },
      { name: "off-topic", action: "review", quote: "emulate-review-off-topic", why: expect.any(String) },
      allowed("c++ (old)"),
    ]);
    expect(await judge("emulate-c++ (old)")).toMatchObject([{}, {}, { action: "block", quote: "emulate-c++ (old)" }]);
  });

  it("blocks rather than reviews, and takes a longer word for another one", async () => {
    expect(await judge("emulate-review-spam emulate-spam")).toMatchObject([{ action: "block" }, {}, {}]);
    expect(await judge("emulate-spam-links emulate-spammer emulate-off-topical")).toEqual(NAMES.map(allowed));
  });

  it("is the same in Responses, and streamed in either", async () => {
    const text = "emulate-spam";
    const { content } = await judgeInChat(text);
    const whole = await respond(responseFields(text));
    expect([whole.status, whole.output.at(-1)]).toMatchObject(["completed", { content: [{ text: content }] }]);
    const chunks = await stream(chatFields(text));
    const deltas = chunks.flatMap((chunk) => chunk.choices[0]?.delta.content || []);
    expect(deltas).toEqual(tokenize(content ?? ""));
    expect(joinDeltas(await streamResponse(responseFields(text)), "response.output_text.delta")).toBe(content);
  });

  it("is for formats that are called so and name rules; others are made up as ever", async () => {
    const other = await completeAs({ ...format, name: "other" });
    expect(JSON.parse(other.choices[0]?.message.content ?? "")).toMatchObject({ rules: [{ action: "allow" }] });
    const schema = { type: "object", properties: { innocent: { type: "boolean" } } };
    expect((await completeAs({ ...format, schema, strict: false })).choices[0]?.message.content).toBe(
      '{"innocent":true}',
    );
    const none = await completeAs({ ...format, schema: verdictSchema([]) });
    expect(none.choices[0]?.message.content).toBe('{"rules":[]}');
  });
});

describe("a script in what is judged", () => {
  it("is neither done nor judged, though wrong", async () => {
    const script = { status: 500, cut_after: 0 };
    for (const text of [scriptedInput(script), scriptedInput({ text: "emulate-spam emulate-judge-fails" })]) {
      expect(await judge(text)).toEqual(NAMES.map(allowed));
      expect((await respond(responseFields(text))).status).toBe("completed");
    }
    expect(await judge(`emulate {"nonsense"\nemulate-spam`)).toMatchObject([{ action: "block" }, {}, {}]);
    expect(await judge(`Judge this:\n${scriptedInput(script, "emulate-spam")}`)).toMatchObject([
      { action: "block" },
      {},
      {},
    ]);
  });
});

describe("a judge that breaks", () => {
  beforeEach(async () => {
    await send("DELETE", "/__stats");
  });

  it("refuses", async () => {
    const said = await judgeInChat("emulate-judge-refuses");
    expect(said).toMatchObject({ finish: "stop", content: null, refusal: expect.stringContaining("sorry") });
    const { output } = await respond(responseFields("emulate-judge-refuses"));
    expect(output.at(-1)).toMatchObject({ content: [{ type: "refusal", refusal: said.refusal }] });
  });

  it("is cut by length after half of the JSON", async () => {
    const whole = tokenize((await judgeInChat("Hi")).content ?? "");
    const half = whole.slice(0, Math.floor(whole.length / 2)).join("");
    expect(await judgeInChat("emulate-judge-truncates")).toMatchObject({ finish: "length", content: half });
    const { status, incomplete_details, output } = await respond(responseFields("emulate-judge-truncates"));
    expect([status, incomplete_details?.reason]).toEqual(["incomplete", "max_output_tokens"]);
    expect(output.at(-1)).toMatchObject({ status: "incomplete", content: [{ text: half }] });
    const chunks = await stream(chatFields("emulate-judge-truncates"));
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe("length");
    const events = await streamResponse(responseFields("emulate-judge-truncates"));
    expect(events.at(-1)?.type).toBe("response.incomplete");
  });

  it("babbles", async () => {
    const { content, finish } = await judgeInChat("emulate-judge-babbles");
    expect([finish, content]).toEqual(["stop", expect.any(String)]);
    expect(() => JSON.parse(content ?? "") as unknown).toThrow(SyntaxError);
  });

  it("invents a rule and an action", async () => {
    const entries = await judge("Emulate-Judge-Invents emulate-off-topic");
    expect(entries.map(({ name, action }) => [name, action])).toEqual([
      ["spam", "punish"],
      ["off-topic", "block"],
      ["c++ (old)", "allow"],
      ["emulated-invention", "block"],
    ]);
  });

  it("fails before it says anything", async () => {
    for (const streamed of [true, false]) {
      const text = "emulate-judge-fails";
      const expected = { status: 500, type: "server_error" };
      expect(await readError(await sendChat({ ...chatFields(text), stream: streamed }))).toMatchObject(expected);
      expect(await readError(await sendResponse({ ...responseFields(text), stream: streamed }))).toMatchObject(
        expected,
      );
    }
  });

  it("waits before its first byte, and only then", async () => {
    for (const text of ["emulate-moderation-ms-60000", scriptedInput({ moderation_ms: 60_000 })]) {
      const caller = new AbortController();
      const answer = sendResponse({ ...responseFields(text), stream: true }, { signal: caller.signal });
      await repeatUntil(readStats, ({ active }) => active === 1);
      caller.abort();
      expect((await answer).status).toBe(499);
    }
    expect(await readStats()).toMatchObject({ requests: 2, cancelled: 2, bytes_out: 0 });
    const startedAt = performance.now();
    expect((await sendChat({ ...chatFields("emulate-moderation-ms-30"), stream: true })).status).toBe(200);
    expect(performance.now() - startedAt).toBeGreaterThan(28);
  });
});

describe("an output limit that a script sets", () => {
  it("ends an answer like one that the caller sets", async () => {
    const messages = [user(scriptedInput({ tokens: 10, length_after: 3, reasoning: 5 }))];
    const { choices, usage } = await complete({ messages });
    expect(choices[0]).toMatchObject({ finish_reason: "length", message: { content: "water runs over" } });
    expect(usage?.completion_tokens).toBe(8);
    const within = await complete({ messages: [user(scriptedInput({ tokens: 3, length_after: 3 }))] });
    expect(within.choices[0]?.finish_reason).toBe("stop");
  });
});
