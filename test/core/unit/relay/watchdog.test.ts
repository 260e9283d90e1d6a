// The watchdog: deadlines for the first byte, for idle time and in total, and keep-alives, with one timer.

import { describe, expect, it } from "vitest";
import { startWatchdog } from "../../../../src/core/relay/watchdog.ts";
import type { AnswerFlow } from "../../support/answer-flow.ts";
import { beginFlow, createAnswerFlow, DEADLINES, LAST_READ_MS } from "../../support/answer-flow.ts";
import { chunk, DONE, finishChunk, textChunk } from "../../../support/chat-chunks.ts";
import { createFakeClock } from "../../support/fake-clock.ts";
import { createByteCodec } from "../../support/relay-codecs.ts";

const timeout = (what: string) =>
  expect.objectContaining({
    kind: "timeout",
    error: expect.objectContaining({ status: 504, message: `The model ${what}. Please try again.` }),
  });

/** A watchdog without a stream. */
function startAlone() {
  const clock = createFakeClock();
  const control = new AbortController();
  return { clock, control, watchdog: startWatchdog(clock, DEADLINES, control, () => undefined) };
}

/** Advances to the deadline, at which the flow must end. */
async function expectDeadline(flow: AnswerFlow, ms: number, what: string): Promise<void> {
  await flow.clock.advance(ms - 1);
  expect(flow.control.signal.aborted).toBe(false);
  await flow.clock.advance(1);
  expect(flow.control.signal.aborted).toBe(true);
  await flow.clock.advance(LAST_READ_MS);
  expect(flow.ending() ?? flow.refusal()).toEqual(timeout(what));
  expect(flow.provider.isCancelled()).toBe(true);
}

describe("the first-byte deadline", () => {
  it("ends an answer that does not start", async () => {
    const flow = createAnswerFlow();
    await flow.begin();
    await expectDeadline(flow, 120_000, "took too long to begin");
  });

  it("is shared by all attempts until the answer starts", async () => {
    const { clock, control, watchdog } = startAlone();
    for (let attempt = 0; attempt < 3; attempt++) {
      watchdog.readStarted();
      await clock.advance(30_000);
      watchdog.readEnded();
      await clock.advance(5000);
    }
    await clock.advance(14_999);
    expect(control.signal.aborted).toBe(false);
    await clock.advance(1);
    expect(control.signal.reason).toEqual(timeout("took too long to begin"));
  });

  it("is replaced by the idle deadline when the answer starts", async () => {
    const { clock, control, watchdog } = startAlone();
    await clock.advance(119_000);
    watchdog.answerStarted();
    watchdog.readStarted();
    await clock.advance(59_000);
    expect(control.signal.aborted).toBe(false);
    await clock.advance(1000 + 1000);
    expect(control.signal.reason).toEqual(timeout("fell silent"));
  });
});

describe("the idle deadline", () => {
  it("starts with the first text, so that a model may reason in silence", async () => {
    const flow = createAnswerFlow();
    flow.provider.send(chunk({ role: "assistant" }));
    await flow.begin();
    await flow.clock.advance(100_000);
    expect(flow.ending()).toBeUndefined();
    flow.provider.send(textChunk("Hel"));
    await flow.clock.advance(59_000);
    expect(flow.ending()).toBeUndefined();
    await flow.clock.advance(2001 + LAST_READ_MS);
    expect(flow.ending()).toEqual(timeout("fell silent"));
  });

  it("ends an answer that falls silent, and starts again with every read", async () => {
    const flow = await beginFlow();
    for (let count = 0; count < 5; count++) {
      await flow.clock.advance(59_000);
      flow.provider.send(chunk({}));
    }
    await flow.clock.advance(59_999);
    expect(flow.ending()).toBeUndefined();
    // The timer notices a read that started while it slept within a second.
    await flow.clock.advance(1001 + LAST_READ_MS);
    expect(flow.ending()).toEqual(timeout("fell silent"));
    expect(flow.provider.isCancelled()).toBe(true);
  });

  it.each([
    ["coalesced", undefined],
    ["passed through", createByteCodec()],
  ])("does not run while a %s answer waits for a slow caller", async (_name, codec) => {
    const flow = await beginFlow({ ...(codec && { codec }), deadlines: { idle_ms: 5000 } });
    flow.caller.stopReading();
    for (const text of ["lo", ", ", "world"]) {
      flow.provider.send(textChunk(text));
      await flow.clock.advance(50);
    }
    await flow.clock.advance(14_000);
    expect(flow.ending()).toBeUndefined();
    flow.caller.readOn();
    flow.provider.send(finishChunk(), DONE);
    await flow.clock.advance(250);
    expect(flow.ending()).toEqual({ kind: "finished" });
  });
});

describe("the total deadline", () => {
  it("includes the time before the answer starts", async () => {
    const flow = createAnswerFlow({ deadlines: { total_ms: 10_000 } });
    await flow.begin();
    await expectDeadline(flow, 10_000, "took too long to finish");
  });

  it("ends an answer that continues", async () => {
    const flow = await beginFlow({ deadlines: { total_ms: 30_500 } });
    for (let count = 0; count < 30; count++) {
      await flow.clock.advance(1000);
      flow.provider.send(textChunk("more "));
    }
    await expectDeadline(flow, 500, "took too long to finish");
  });

  it("cuts the connection of a caller who reads nothing", async () => {
    const flow = await beginFlow({ deadlines: { total_ms: 12_345 } });
    flow.caller.stopReading();
    flow.provider.send(textChunk("lo"));
    await flow.clock.advance(12_344);
    expect(flow.caller.isAborted()).toBe(false);
    await flow.clock.advance(1);
    expect(flow.caller.isAborted()).toBe(true);
    await flow.clock.advance(LAST_READ_MS);
    expect(flow.ending()).toEqual(timeout("took too long to finish"));
  });
});

const KEEP_ALIVE = ":\n\n";

describe("the keep-alive", () => {
  // The first write after a disconnect can succeed, so the second one reveals it without another 15 s.
  it("is sent twice after 15 s without a write, and every 15 s from then on", async () => {
    const flow = await beginFlow();
    const startedAt = flow.clock.now();
    await flow.clock.advance(46_000);
    const expected = [15_000, 15_250, 30_250, 30_500, 45_500, 45_750].map((ms) => ({
      at: startedAt + ms,
      text: KEEP_ALIVE,
    }));
    expect(flow.caller.writes.slice(1)).toEqual(expected);
  });

  it("is sent when the provider sends only events without text", async () => {
    const flow = await beginFlow();
    for (let count = 0; count < 4; count++) {
      await flow.clock.advance(4000);
      flow.provider.send(chunk({}));
    }
    await flow.clock.idle();
    expect(flow.caller.writes.filter(({ text }) => text === KEEP_ALIVE)).toHaveLength(2);
  });

  it("is not repeated when the answer goes on", async () => {
    const flow = await beginFlow();
    await flow.clock.advance(15_000);
    flow.provider.send(textChunk("lo"));
    await flow.clock.advance(14_000);
    expect(flow.caller.writes.filter(({ text }) => text === KEEP_ALIVE)).toHaveLength(1);
  });

  it("is not sent before the response starts, nor after the answer has ended", async () => {
    const flow = createAnswerFlow();
    await flow.begin();
    await flow.clock.advance(100_000);
    expect(flow.caller.writes).toEqual([]);
    flow.provider.send(textChunk("Hel"), finishChunk(), DONE);
    await flow.clock.advance(100_000);
    expect(flow.ending()).toEqual({ kind: "finished" });
    expect(flow.caller.text()).not.toContain(KEEP_ALIVE);
  });
});

it("the timer sleeps until a deadline or a keep-alive is due, and stops with the answer", async () => {
  const { clock, control, watchdog } = startAlone();
  for (let count = 0; count < 60; count++) {
    watchdog.readEnded();
    watchdog.bytesSent();
    watchdog.readStarted();
    await clock.advance(1000);
  }
  expect(clock.waits).toBeLessThan(10);
  watchdog.stop();
  const waits = clock.waits;
  await clock.advance(700_000);
  expect(clock.waits).toBe(waits);
  expect(control.signal.aborted).toBe(false);
});
