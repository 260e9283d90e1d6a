// The caller's disconnect: the provider is cancelled at once, or read for its usage for a limited time.

import { describe, expect, it } from "vitest";
import { createDeparture } from "../../../../src/core/relay/departure.ts";
import type { FlowProvider } from "../../support/answer-flow.ts";
import { beginFlow, createAnswerFlow, LAST_READ_MS } from "../../support/answer-flow.ts";
import { DONE, errorFrame, finishChunk, sse, textChunk, usageChunk } from "../../../support/chat-chunks.ts";
import { createFakeClock } from "../../support/fake-clock.ts";

const LEAVE_MS = 25_000;

function createWith(afterMs: number) {
  const clock = createFakeClock();
  const control = new AbortController();
  return { clock, control, departure: createDeparture(control, clock, afterMs) };
}

describe("a departure", () => {
  it("aborts at once without a grace period", () => {
    const { control, departure } = createWith(0);
    departure.markLeft();
    expect(departure.callerLeft).toBe(true);
    expect(control.signal.reason).toEqual({ kind: "left" });
  });

  it("aborts exactly after the grace period, which repeated reports do not extend", async () => {
    const { clock, control, departure } = createWith(LEAVE_MS);
    departure.markLeft();
    expect(departure.callerLeft).toBe(true);
    await clock.advance(LEAVE_MS - 1);
    departure.markLeft();
    expect(control.signal.aborted).toBe(false);
    await clock.advance(1);
    expect(control.signal.reason).toEqual({ kind: "left" });
    expect(clock.waits).toBe(1);
  });

  it("does not replace an earlier abort reason", async () => {
    const { clock, control, departure } = createWith(LEAVE_MS);
    departure.markLeft();
    control.abort({ kind: "failed" });
    await clock.advance(LEAVE_MS);
    expect(control.signal.reason).toEqual({ kind: "failed" });
  });
});

/** An answer with a grace period, whose caller has left. */
async function left(how: "noticed at a write" | "reported by the platform" = "reported by the platform") {
  const flow = await beginFlow({ leaveMs: LEAVE_MS });
  await flow.clock.advance(50);
  flow.caller.leave();
  if (how === "reported by the platform") flow.departure.markLeft();
  await flow.clock.idle();
  return flow;
}

describe("an answer with a grace period after its caller left", () => {
  it.each(["noticed at a write", "reported by the platform"] as const)(
    "is read to its usage, and then ends as left: %s",
    async (how) => {
      const flow = await left(how);
      const sent = flow.caller.text();
      for (const text of ["lo", ", ", "world"]) {
        flow.provider.send(textChunk(text));
        await flow.clock.advance(3000);
      }
      expect(flow.ending()).toBeUndefined();
      flow.provider.send(finishChunk(), usageChunk(30, 40), DONE);
      await flow.clock.advance(50);
      expect(flow.ending()).toEqual({ kind: "left" });
      expect(flow.codec.progress).toMatchObject({ usage: { input: 30, output: 40 }, outputBytes: 12, finish: "stop" });
      expect(flow.caller.text()).toBe(sent);
    },
  );

  it("is cancelled at the end of the grace period, and ends as left without usage", async () => {
    const flow = await left();
    for (let seconds = 1; seconds < 25; seconds++) {
      await flow.clock.advance(1000);
      flow.provider.send(textChunk("and on "));
    }
    await flow.clock.advance(1000 - 51);
    expect(flow.ending()).toBeUndefined();
    await flow.clock.advance(51 + LAST_READ_MS);
    expect(flow.ending()).toEqual({ kind: "left" });
    expect(flow.provider.isCancelled()).toBe(true);
    expect(flow.codec.progress).toMatchObject({ outputBytes: 3 + 24 * 7 });
    expect(flow.codec.progress.usage).toBeUndefined();
  });

  it.each<[string, (provider: FlowProvider) => void, boolean]>([
    ["breaks off", (provider) => provider.breakOff(), false],
    ["ends too early", (provider) => provider.end(), false],
    ["ends", (provider) => provider.send(finishChunk(), DONE), true],
    ["fails", (provider) => provider.send(errorFrame("It broke.")), true],
    ["becomes invalid", (provider) => provider.send(sse("<html>")), true],
  ])("ends as left when it %s, and is not read any further", async (_how, happen, isOpen) => {
    const flow = await left();
    happen(flow.provider);
    await flow.clock.advance(100);
    expect(flow.ending()).toEqual({ kind: "left" });
    if (isOpen) expect(flow.provider.isCancelled()).toBe(true);
  });

  it("still has its idle deadline", async () => {
    const flow = await beginFlow({ leaveMs: LEAVE_MS, deadlines: { idle_ms: 4000 } });
    flow.departure.markLeft();
    await flow.clock.advance(5000);
    expect(flow.ending()).toMatchObject({ kind: "failed", error: { body: { code: "provider_timeout" } } });
    expect(flow.provider.isCancelled()).toBe(true);
  });

  it("is read when its caller left before the first byte, too", async () => {
    const flow = createAnswerFlow({ leaveMs: LEAVE_MS });
    await flow.begin();
    flow.departure.markLeft();
    await flow.clock.advance(2000);
    expect(flow.refusal()).toBeUndefined();
    flow.provider.send(textChunk("Hello"), finishChunk(), usageChunk(30, 40), DONE);
    await flow.clock.advance(50);
    expect(flow.ending()).toEqual({ kind: "left" });
    expect(flow.codec.progress.usage).toMatchObject({ input: 30, output: 40 });
    expect(flow.caller.writes).toEqual([]);
  });
});
