// uses: chat-completions, responses, slim-chat
// How a block reaches a slow caller, and the usage that is known by then.

import { describe, expect, it } from "vitest";
import { DEADLINES, LAST_READ_MS } from "../../../core/support/answer-flow.ts";
import { DONE, sse } from "../../../support/chat-chunks.ts";
import { readEvents } from "../../../support/events.ts";
import { createGatedFlow } from "../support/gated-flow.ts";
import type { GatedForm } from "../support/gated-forms.ts";
import { GATED_FORMS } from "../support/gated-forms.ts";

const FORMS = Object.entries(GATED_FORMS);
const chat = GATED_FORMS["chat with usage"] as GatedForm;

/** A caller who reads nothing for so long after a block is not told of it. */
const TOLD_WITHIN_MS = 10_000;

/** A flow whose provider has begun and said those texts. */
async function said(form: GatedForm, texts: string[]) {
  const flow = createGatedFlow(form);
  flow.provider.send(...form.begin, ...form.say(texts));
  await flow.begin();
  return flow;
}

/** Blocked while a comment that keeps the connection alive waits for its caller to read. */
async function blockedBehindComment(form: GatedForm) {
  const flow = await said(form, ["They kill. "]);
  flow.caller.stopReading();
  await flow.clock.advance(DEADLINES.keep_alive_ms);
  await flow.giveVerdict(false);
  return flow;
}

/** Blocked while text that was judged waits for its caller to read, and the provider goes on. */
async function blockedBehindText(form: GatedForm) {
  const flow = await said(form, ["Rivers rise. "]);
  flow.provider.send(...form.say(["They kill. "]));
  await flow.clock.idle();
  flow.caller.stopReading();
  await flow.giveVerdict(true);
  expect(flow.moderated).toHaveLength(2);
  await flow.giveVerdict(false);
  return flow;
}

describe.each(FORMS)("a block of %s", (_name, form) => {
  describe.each([
    ["a comment", blockedBehindComment, ""],
    ["text", blockedBehindText, "Rivers rise. "],
  ] as const)("behind %s that waits to be read", (_what, blocked, shown) => {
    it("is told to a slow caller who reads on in time", async () => {
      const flow = await blocked(form);
      await flow.clock.advance(TOLD_WITHIN_MS - 1);
      expect([form.isBlocked(flow.caller.text()), flow.caller.isAborted()]).toEqual([false, false]);
      flow.caller.readOn();
      await flow.clock.advance(TOLD_WITHIN_MS);
      expect(flow.ending()).toMatchObject({ kind: "blocked" });
      expect(flow.shown()).toBe(shown);
      expect([form.isBlocked(flow.caller.text()), flow.caller.isAborted()]).toEqual([true, false]);
    });

    it("cuts off a caller who never reads, and ends", async () => {
      const flow = await blocked(form);
      await flow.clock.advance(TOLD_WITHIN_MS);
      expect(flow.caller.isAborted()).toBe(true);
      expect(flow.ending()).toMatchObject({ kind: "blocked" });
    });
  });

  it("knows the usage that had arrived while a write waited", async () => {
    const flow = await said(form, ["Rivers rise. "]);
    flow.provider.send(...form.say(["They kill. "]));
    await flow.clock.idle();
    flow.caller.stopReading();
    await flow.giveVerdict(true);
    for (const event of [...form.say(["a", "b", "c"]), ...form.end]) flow.provider.send(event);
    await flow.clock.idle();
    await flow.giveVerdict(false);
    await flow.clock.advance(LAST_READ_MS);
    flow.caller.readOn();
    await flow.clock.advance(LAST_READ_MS);
    expect(flow.ending()).toMatchObject({ kind: "blocked" });
    expect(flow.codec.progress.usage).toMatchObject({ input: 3, output: 4 });
  });

  it("knows the usage that had arrived by then", async () => {
    const flow = await said(form, ["They kill. "]);
    // Each of these is a read of its own.
    for (const event of [...form.say("and so on and on and on".split("")), ...form.end]) flow.provider.send(event);
    await flow.giveVerdict(false);
    await flow.clock.advance(LAST_READ_MS);
    expect(flow.ending()).toMatchObject({ kind: "blocked" });
    expect(flow.codec.progress.usage).toMatchObject({ input: 3, output: 4 });
    expect(flow.shown()).toBe("");
  });
});

describe("a block of a chat", () => {
  it("has the names of the chunk with which its text began, though that was never sent", async () => {
    const flow = createGatedFlow(chat);
    const names = { id: "chat-1", created: 7, model: "m" };
    flow.provider.send(
      sse({ ...names, choices: [{ index: 0, delta: { role: "assistant", content: "They kill. " } }] }),
    );
    await flow.begin();
    await flow.giveVerdict(false);
    await flow.clock.advance(LAST_READ_MS);
    const [block, done, ...more] = readEvents(flow.caller.text());
    expect(JSON.parse(block?.data ?? "")).toEqual({
      ...names,
      object: "chat.completion.chunk",
      choices: [{ index: 0, delta: {}, finish_reason: "content_filter" }],
    });
    expect([done?.data, more]).toEqual(["[DONE]", []]);
  });
});

describe.each(FORMS.filter(([name]) => name.includes("responses")))("what comes after the end of %s", (_name, form) => {
  it.each([
    ["a sign of the end of another dialect", DONE],
    ["what is no event", "data: <html>\n\n"],
    ["more text", form.say([" They kill."]).join("")],
  ])("changes nothing: %s", async (_what, more) => {
    const flow = createGatedFlow(form);
    flow.provider.send(...form.begin, ...form.say(["They fall."]), ...form.end, more);
    await flow.begin();
    await flow.giveVerdict(true);
    expect(flow.ending()).toEqual({ kind: "finished" });
    expect([flow.moderated, flow.shown()]).toEqual([["They fall."], "They fall."]);
    expect(flow.codec.progress.usage).toMatchObject({ input: 3, output: 4 });
    const passed = form.passed(["They fall."]);
    if (passed !== undefined) expect(flow.caller.text()).toBe(passed);
  });
});
