// uses: chat-completions, responses, slim-chat
// An answer that is judged on its way: verdicts that come while something else goes on, and text in places that are not known.

import { describe, expect, it } from "vitest";
import { LAST_READ_MS } from "../../../core/support/answer-flow.ts";
import { chunk, DONE, finishChunk, sse } from "../../../support/chat-chunks.ts";
import type { GatedFlowOptions } from "../support/gated-flow.ts";
import { createGatedFlow } from "../support/gated-flow.ts";
import type { GatedForm } from "../support/gated-forms.ts";
import { GATED_FORMS } from "../support/gated-forms.ts";
import { toEvent } from "../../../dialects/support/responses-events.ts";

const FORMS = Object.entries(GATED_FORMS);
const slim = GATED_FORMS["slim over chat"] as GatedForm;
const chat = GATED_FORMS["chat with usage"] as GatedForm;
const responses = GATED_FORMS["responses"] as GatedForm;

/** A flow whose provider has begun and sent those events. */
async function sent(form: GatedForm, events: string[], options?: GatedFlowOptions) {
  const flow = createGatedFlow(form, options);
  flow.provider.send(...form.begin, ...events);
  await flow.begin();
  return flow;
}

describe.each(FORMS)("a verdict during a write that waits, %s,", (_name, form) => {
  /** A whole answer of two windows: the caller does not read the first, and the second is being judged meanwhile. */
  async function stuck() {
    const [first = "", second = ""] = form.say(["Rivers rise. ", "They fall."]);
    const flow = await sent(form, [first]);
    flow.provider.send(second, ...form.end);
    await flow.clock.idle();
    flow.caller.stopReading();
    await flow.giveVerdict(true);
    expect(flow.moderated).toEqual(["Rivers rise. ", "Rivers rise. They fall."]);
    return flow;
  }

  it("that is good loses nothing of what was said last", async () => {
    const flow = await stuck();
    await flow.giveVerdict(true);
    expect(flow.ending()).toBeUndefined();
    flow.caller.readOn();
    await flow.clock.idle();
    expect(flow.ending()).toEqual({ kind: "finished" });
    expect(flow.shown()).toBe("Rivers rise. They fall.");
    const passed = form.passed(["Rivers rise. ", "They fall."]);
    if (passed !== undefined) expect(flow.caller.text()).toBe(passed);
    expect(flow.codec.progress.usage).toMatchObject({ input: 3, output: 4 });
  });

  it("that is bad ends the answer as blocked, after what was written", async () => {
    const flow = await stuck();
    await flow.giveVerdict(false);
    flow.caller.readOn();
    await flow.clock.advance(LAST_READ_MS);
    expect(flow.ending()).toMatchObject({ kind: "blocked" });
    expect(flow.shown()).toBe("Rivers rise. ");
    expect(form.isBlocked(flow.caller.text())).toBe(true);
  });
});

describe("a refusal that is told in pieces", () => {
  const PIECES = ["I'm", " sorry,", " I can't", " help."];

  it.each<[string, GatedForm, string[], string[]]>([
    ["chat", chat, PIECES.map((refusal) => chunk({ refusal })), [finishChunk(), DONE]],
    ["slim over chat", slim, PIECES.map((refusal) => chunk({ refusal })), [finishChunk(), DONE]],
    [
      "responses",
      responses,
      PIECES.map((delta) => toEvent({ type: "response.refusal.delta", output_index: 0, delta })),
      responses.end,
    ],
  ])("is judged as a whole sentence, not piece by piece: %s", async (_name, form, pieces, end) => {
    const flow = await sent(form, []);
    for (const piece of pieces) {
      flow.provider.send(piece);
      await flow.clock.idle();
    }
    expect(flow.moderated).toEqual([]);
    flow.provider.send(...end);
    await flow.clock.idle();
    expect(flow.moderated).toEqual(["I'm sorry, I can't help."]);
    await flow.giveVerdict(true);
    expect(flow.ending()).toEqual({ kind: "finished" });
    expect(flow.codec.progress.finish).toBe("refusal");
    expect(flow.caller.text()).toContain("help.");
  });
});

const choice = (fields: object) => sse({ choices: [{ index: 0, ...fields, finish_reason: null }] });
const delta = (value: unknown) => toEvent({ type: "response.something_new.delta", output_index: 0, delta: value });

describe("text in a place of an answer that is not known here", () => {
  it.each<[string, GatedForm, string]>([
    ["a field of a delta", chat, chunk({ reasoning_content: "They kill. " })],
    ["a field in a field", chat, chunk({ audio: { transcript: ["They kill. "] } })],
    ["content in parts", chat, chunk({ content: [{ type: "text", text: "They kill. " }] })],
    ["a message in a stream", chat, choice({ message: { content: "They kill. " } })],
    ["the name of a tool", chat, chunk({ tool_calls: [{ index: 0, function: { name: "They kill. " } }] })],
    ["a delta of a new event", responses, delta("They kill. ")],
    ["a delta that is an object", responses, delta({ text: "They kill. " })],
  ])("is judged before it is sent: %s", async (_what, form, event) => {
    const flow = await sent(form, [event]);
    expect([flow.moderated, flow.caller.text()]).toEqual([["They kill. "], form.begin.join("")]);
    await flow.giveVerdict(false);
    await flow.clock.advance(LAST_READ_MS);
    expect(flow.ending()).toMatchObject({ kind: "blocked" });
    expect(flow.caller.text()).not.toContain("kill");
  });

  it("goes as it came where it is allowed", async () => {
    const event = chunk({ reasoning_content: "They fall. " });
    const flow = await sent(chat, [event, finishChunk(), DONE]);
    await flow.giveVerdict(true);
    expect(flow.caller.text()).toBe([...chat.begin, event, finishChunk(), DONE].join(""));
  });
});
