// A caller who leaves: the provider is cancelled at once, or read on for its usage for a limited time.

import { describe, expect, it } from "vitest";
import { createDisconnect } from "../../../../src/core/relay/disconnect.ts";
import { createAnswerFlow, LAST_READ_MS } from "../../support/answer-flow.ts";
import { DONE, errorFrame, finishChunk, sse, textChunk, usageChunk } from "../../../support/chat-chunks.ts";
import { createFakeClock } from "../../support/fake-clock.ts";

const LEAVE_MS = 25_000;

/** A disconnect, and what it ends. */
function created(afterMs: number) {
  const clock = createFakeClock();
  const control = new AbortController();
  return { clock, control, disconnect: createDisconnect(control, clock, afterMs) };
}

describe("a disconnect", () => {
  it("aborts at once without a grace period", () => {
    const { control, disconnect } = created(0);
    disconnect.markLeft();
    expect(disconnect.callerLeft).toBe(true);
    expect(control.signal.reason).toEqual({ kind: "left" });
  });

  it("aborts exactly after the grace period", async () => {
    const { clock, control, disconnect } = created(LEAVE_MS);
    disconnect.markLeft();
    expect(disconnect.callerLeft).toBe(true);
    await clock.advance(LEAVE_MS - 1);
    expect(control.signal.aborted).toBe(false);
    await clock.advance(1);
    expect(control.signal.reason).toEqual({ kind: "left" });
  });

  it("counts from the first time that it is noted", async () => {
    const { clock, control, disconnect } = created(LEAVE_MS);
    disconnect.markLeft();
    await clock.advance(LEAVE_MS - 1);
    disconnect.markLeft();
    await clock.advance(1);
    expect(control.signal.aborted).toBe(true);
    expect(clock.waits).toBe(1);
  });

  it("does not replace an earlier abort reason", async () => {
    const { clock, control, disconnect } = created(LEAVE_MS);
    disconnect.markLeft();
    control.abort({ kind: "failed" });
    await clock.advance(LEAVE_MS);
    expect(control.signal.reason).toEqual({ kind: "failed" });
  });
});

/** An answer that has begun, whose caller has left, and whose provider is to finish. */
async function left(how: "noticed at a write" | "told by the platform" = "told by the platform") {
  const flow = createAnswerFlow({ leaveMs: LEAVE_MS });
  flow.provider.send(textChunk("Hel"));
  await flow.begin();
  await flow.clock.advance(50);
  flow.caller.leave();
  if (how === "told by the platform") flow.disconnect.markLeft();
  await flow.clock.idle();
  return flow;
}

describe("an answer with a grace period after its caller left", () => {
  it.each(["noticed at a write", "told by the platform"] as const)(
    "is read to its usage without a listener, and then ends as left: %s",
    async (how) => {
      const flow = await left(how);
      const heard = flow.caller.text();
      for (const text of ["lo", ", ", "world"]) {
        flow.provider.send(textChunk(text));
        await flow.clock.advance(3000);
      }
      expect(flow.ending()).toBeUndefined();
      flow.provider.send(finishChunk(), usageChunk(30, 40), DONE);
      await flow.clock.advance(50);
      expect(flow.ending()).toEqual({ kind: "left" });
      expect(flow.codec.progress).toMatchObject({ usage: { input: 30, output: 40 }, outputBytes: 12, finish: "stop" });
      expect(flow.caller.text()).toBe(heard);
    },
  );

  it("is cancelled when it takes longer than that, and ends as left without usage", async () => {
    const flow = await left();
    for (let seconds = 1; seconds < 25; seconds++) {
      await flow.clock.advance(1000);
      flow.provider.send(textChunk("and on "));
    }
    await flow.clock.advance(1000 - 51);
    expect(flow.ending()).toBeUndefined();
    expect(flow.provider.isCancelled()).toBe(false);
    await flow.clock.advance(51 + LAST_READ_MS);
    expect(flow.ending()).toEqual({ kind: "left" });
    expect(flow.provider.isCancelled()).toBe(true);
    expect(flow.codec.progress.usage).toBeUndefined();
    expect(flow.codec.progress.outputBytes).toBe(3 + 24 * 7);
  });

  it.each([
    ["breaks off", (provider: Provider) => provider.breakOff()],
    ["just stops", (provider: Provider) => provider.end()],
    ["fails", (provider: Provider) => provider.send(errorFrame("It broke."))],
    ["turns into something else", (provider: Provider) => provider.send(sse("<html>"))],
  ])("ends as left when it %s", async (_how, happen) => {
    const flow = await left();
    happen(flow.provider);
    await flow.clock.advance(100);
    expect(flow.ending()).toEqual({ kind: "left" });
  });

  it.each([
    ["came to its end", (provider: Provider) => provider.send(finishChunk(), DONE)],
    ["failed", (provider: Provider) => provider.send(errorFrame("It broke."))],
    ["turned into something else", (provider: Provider) => provider.send(sse("<html>"))],
  ])("is read no further once it %s", async (_how, happen) => {
    const flow = await left();
    happen(flow.provider);
    await flow.clock.advance(100);
    expect(flow.provider.isCancelled()).toBe(true);
  });

  it("is still timed: a provider that falls silent is cut off", async () => {
    const flow = createAnswerFlow({ leaveMs: LEAVE_MS, deadlines: { idle_ms: 4000 } });
    flow.provider.send(textChunk("Hel"));
    await flow.begin();
    flow.disconnect.markLeft();
    await flow.clock.advance(5000);
    expect(flow.ending()).toMatchObject({ kind: "failed", error: { body: { code: "provider_timeout" } } });
    expect(flow.provider.isCancelled()).toBe(true);
  });

  it("is read on even when its caller left before the first byte", async () => {
    const flow = createAnswerFlow({ leaveMs: LEAVE_MS });
    await flow.begin();
    flow.disconnect.markLeft();
    await flow.clock.advance(2000);
    expect(flow.refusal()).toBeUndefined();
    flow.provider.send(textChunk("Hello"), finishChunk(), usageChunk(30, 40), DONE);
    await flow.clock.advance(50);
    expect(flow.ending()).toEqual({ kind: "left" });
    expect(flow.codec.progress.usage).toMatchObject({ input: 30, output: 40 });
    expect(flow.caller.writes).toEqual([]);
  });
});

type Provider = ReturnType<typeof createAnswerFlow>["provider"];
