// uses: slim-chat
// The moderated stream over time: deadlines, slow callers, disconnects, verdicts during a write, and its memory limit.

import { describe, expect, it } from "vitest";
import { DEADLINES, LAST_READ_MS } from "../../../core/support/answer-flow.ts";
import { DONE, textChunk } from "../../../support/chat-chunks.ts";
import type { GatedFlowOptions } from "../support/gated-flow.ts";
import { createGatedFlow, startedFlow } from "../support/gated-flow.ts";
import { SLIM_FORMS, SLIM_OVER_CHAT } from "../support/gated-forms.ts";

const USAGE = { input: 3, output: 4 };
const TIMEOUT = { kind: "timeout", error: { body: { code: "provider_timeout" } } };
const BLOCK_DELIVERY_MS = 10_000;

const slim = SLIM_OVER_CHAT;
const started = (texts: string[], options: GatedFlowOptions = {}) => startedFlow(slim, texts, [], options);

/** An answer of two windows. The caller does not read the first one, and the second one is being moderated. */
async function blockedWrite(events: string[] = []) {
  const flow = await startedFlow(slim, ["Rivers rise. "]);
  flow.provider.send(...slim.say(["They fall. "]), ...events);
  await flow.clock.idle();
  flow.caller.stopReading();
  await flow.giveVerdict(true);
  expect(flow.moderated).toEqual(["Rivers rise. ", "Rivers rise. They fall. "]);
  return flow;
}

/** A keep-alive that the caller does not read while its first window is blocked. */
async function blockedKeepAlive() {
  const flow = await started(["They kill. "]);
  flow.caller.stopReading();
  await flow.clock.advance(DEADLINES.keep_alive_ms);
  return flow;
}

describe("a verdict during a write", () => {
  it("that allows loses no text", async () => {
    const flow = await blockedWrite(slim.end);
    await flow.giveVerdict(true);
    expect(flow.ending()).toBeUndefined();
    flow.caller.readOn();
    await flow.clock.idle();
    expect(flow.ending()).toEqual({ kind: "finished" });
    expect(flow.shown()).toBe("Rivers rise. They fall. ");
    expect(flow.usage()).toMatchObject(USAGE);
  });

  describe.each([
    ["of text", blockedWrite, "Rivers rise. "],
    ["of a keep-alive", blockedKeepAlive, ""],
  ] as const)("%s that blocks", (_what, begin, shown) => {
    it("reaches a slow caller within 10 s", async () => {
      const flow = await begin();
      await flow.giveVerdict(false);
      await flow.clock.advance(BLOCK_DELIVERY_MS - 1);
      expect([slim.isBlocked(flow.caller.text()), flow.caller.isAborted()]).toEqual([false, false]);
      flow.caller.readOn();
      await flow.clock.advance(BLOCK_DELIVERY_MS);
      expect(flow.ending()).toMatchObject({ kind: "blocked" });
      expect(flow.shown()).toBe(shown);
      expect([slim.isBlocked(flow.caller.text()), flow.caller.isAborted()]).toEqual([true, false]);
    });

    it("cuts the connection of a caller who does not read for 10 s", async () => {
      const flow = await begin();
      await flow.giveVerdict(false);
      await flow.clock.advance(BLOCK_DELIVERY_MS);
      expect(flow.caller.isAborted()).toBe(true);
      expect(flow.ending()).toMatchObject({ kind: "blocked" });
    });
  });
});

describe("a block knows the usage that has arrived", () => {
  const events = [...slim.say("and so on and on and on".split("")), ...slim.end];

  it.each([
    ["without a write", () => started(["They kill. "])],
    ["during a write", () => blockedWrite()],
  ])("%s", async (_when, begin) => {
    const flow = await begin();
    // Each event is one read.
    for (const event of events) flow.provider.send(event);
    await flow.giveVerdict(false);
    await flow.clock.advance(LAST_READ_MS);
    flow.caller.readOn();
    await flow.clock.advance(LAST_READ_MS);
    expect(flow.ending()).toMatchObject({ kind: "blocked" });
    expect(flow.usage()).toMatchObject(USAGE);
  });
});

describe("a deadline of a moderated stream", () => {
  it("ends a silent answer after the idle time, with the text before it", async () => {
    const flow = await started(["Rivers rise. "], { deadlines: { idle_ms: 2000 } });
    await flow.giveVerdict(true);
    await flow.clock.advance(2000 + LAST_READ_MS);
    expect(flow.ending()).toMatchObject(TIMEOUT);
    expect(flow.shown()).toBe("Rivers rise. ");
  });

  it("ends an answer whose window is being moderated, without that window", async () => {
    const flow = await started(["Rivers rise. "], { deadlines: { total_ms: 5000 } });
    await flow.clock.advance(5000 + LAST_READ_MS);
    expect(flow.ending()).toMatchObject(TIMEOUT);
    expect(flow.provider.isCancelled()).toBe(true);
    expect(flow.caller.text()).not.toContain("Rivers");
  });

  it("cuts the connection of a caller who does not read", async () => {
    const flow = await started(["Rivers rise. "], { deadlines: { total_ms: 5000 } });
    flow.caller.stopReading();
    await flow.giveVerdict(true);
    await flow.clock.advance(5000 + LAST_READ_MS);
    expect(flow.ending()).toMatchObject(TIMEOUT);
    expect(flow.caller.isAborted()).toBe(true);
  });

  it("sends keep-alives while the last window is moderated, and has no idle time then", async () => {
    const flow = await startedFlow(slim, ["Rivers rise."], slim.end, { deadlines: { idle_ms: 2000 } });
    await flow.clock.advance(DEADLINES.keep_alive_ms);
    expect(flow.caller.text()).toBe(":\n\n");
    await flow.giveVerdict(true);
    expect(flow.ending()).toEqual({ kind: "finished" });
  });

  it("sends a keep-alive only after a pause in the answer", async () => {
    const flow = await started(["Rivers rise. "]);
    await flow.clock.advance(DEADLINES.keep_alive_ms - 1);
    await flow.giveVerdict(true);
    await flow.clock.advance(DEADLINES.keep_alive_ms - 1);
    expect(flow.caller.text()).toBe('data:"Rivers rise. "\n\n');
    await flow.clock.advance(1);
    expect(flow.caller.text()).toBe('data:"Rivers rise. "\n\n:\n\n');
  });
});

describe("a caller who leaves a moderated stream", () => {
  it("cancels the provider, and pays for the usage that has arrived", async () => {
    const flow = await started(["Rivers rise. "]);
    flow.provider.send(...slim.say(["They fall."]), ...slim.end);
    flow.disconnect.markLeft();
    await flow.clock.advance(LAST_READ_MS);
    expect(flow.ending()).toEqual({ kind: "left" });
    expect(flow.provider.isCancelled()).toBe(true);
    expect(flow.usage()).toMatchObject(USAGE);
    expect(flow.caller.text()).toBe("");
  });

  it("ends the moderation of its window, and has no further windows moderated", async () => {
    const flow = await started(["Rivers rise. "], { leaveMs: 25_000 });
    flow.disconnect.markLeft();
    flow.provider.send(...slim.say(["They fall. "]));
    await flow.clock.idle();
    flow.provider.send(...slim.say(["They rise. "]), ...slim.end);
    await flow.clock.advance(1000);
    expect(flow.ending()).toEqual({ kind: "left" });
    expect(flow.moderated).toEqual(["Rivers rise. "]);
  });

  it("gets an answer that finishes without the caller read to its end", async () => {
    const flow = await started(["Rivers rise. "], { leaveMs: 25_000 });
    flow.disconnect.markLeft();
    flow.provider.send(...slim.end);
    await flow.clock.advance(1000);
    expect(flow.ending()).toEqual({ kind: "left" });
    expect(flow.usage()).toMatchObject(USAGE);
    expect(flow.caller.text()).toBe("");
  });
});

describe.each(SLIM_FORMS)("after the end of an answer over %s", (_name, form) => {
  it.each([
    ["the end mark of another dialect", DONE],
    ["invalid JSON", "data: <html>\n\n"],
    ["more text", form.say([" They kill."]).join("")],
  ])("the provider's events are ignored: %s", async (_what, more) => {
    const flow = createGatedFlow(form);
    flow.provider.send(...form.begin, ...form.say(["They fall."]), ...form.end, more);
    await flow.begin();
    await flow.giveVerdict(true);
    expect(flow.ending()).toEqual({ kind: "finished" });
    expect([flow.moderated, flow.shown()]).toEqual([["They fall."], "They fall."]);
    expect(flow.usage()).toMatchObject(USAGE);
  });
});

describe("a moderated stream that holds 4 Mi characters", () => {
  it.each([
    ["with text", textChunk("y".repeat(40_000)), 40_000],
    ["without text", textChunk("").replace("{", `{"padding":"${"y".repeat(40_000)}",`), 0],
  ])("pauses reading until events %s are released", async (_kind, event, chars) => {
    const flow = await started(["x".repeat(10_000)], { settings: { max_chars: 10_000 } });
    for (let sent = 0; sent < 120; sent++) {
      flow.provider.send(event);
      await flow.clock.idle();
    }
    expect(flow.codec.heldChars).toBeGreaterThanOrEqual(4_194_304);
    expect(flow.codec.heldChars).toBeLessThan(4_194_304 + 32_768);
    flow.provider.send(...slim.end);
    while (!flow.ending()) await flow.giveVerdict(true);
    expect(flow.ending()).toEqual({ kind: "finished" });
    expect(flow.codec.heldChars).toBe(0);
    expect(flow.shown()).toHaveLength(10_000 + 120 * chars);
  });
});
