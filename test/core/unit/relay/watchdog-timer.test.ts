// The keep-alive, and the cost of the watchdog's timer.

import { describe, expect, it } from "vitest";
import { startWatchdog } from "../../../../src/core/relay/watchdog.ts";
import { createAnswerFlow, DEADLINES } from "../../support/answer-flow.ts";
import { chunk, DONE, finishChunk, textChunk } from "../../../support/chat-chunks.ts";
import { createFakeClock } from "../../support/fake-clock.ts";

const KEEP_ALIVE = ":\n\n";

async function begun(...[options]: Parameters<typeof createAnswerFlow>) {
  const flow = createAnswerFlow(options);
  flow.provider.send(textChunk("Hel"));
  await flow.begin();
  return flow;
}

describe("the keep-alive", () => {
  it("is sent after 15 s without a write, and every 15 s from then on", async () => {
    const flow = await begun();
    const startedAt = flow.clock.now();
    await flow.clock.advance(46_000);
    const beats = flow.caller.writes.slice(1);
    expect(beats).toEqual([15_000, 30_000, 45_000].map((ms) => ({ at: startedAt + ms, text: KEEP_ALIVE })));
  });

  it("is sent when the provider speaks and says nothing that the caller gets", async () => {
    const flow = await begun();
    for (let count = 0; count < 4; count++) {
      await flow.clock.advance(4000);
      flow.provider.send(chunk({}));
    }
    await flow.clock.idle();
    expect(flow.caller.writes.filter(({ text }) => text === KEEP_ALIVE)).toHaveLength(1);
  });

  it("is not sent before the answer is promised, nor after it has ended", async () => {
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

describe("the timer", () => {
  it("looks at the clock about once a second while an answer streams", async () => {
    const clock = createFakeClock();
    const watchdog = startWatchdog(clock, DEADLINES, new AbortController());
    watchdog.startKeepAlives(() => undefined);
    for (let count = 0; count < 60; count++) {
      watchdog.readEnded();
      watchdog.bytesSent();
      watchdog.readStarted();
      await clock.advance(1000);
    }
    expect(clock.waits).toBeLessThan(70);
    watchdog.stop();
  });

  it("stops when it is told to", async () => {
    const clock = createFakeClock();
    const control = new AbortController();
    const watchdog = startWatchdog(clock, DEADLINES, control);
    watchdog.stop();
    await clock.advance(700_000);
    expect(clock.waits).toBe(1);
    expect(control.signal.aborted).toBe(false);
  });
});
