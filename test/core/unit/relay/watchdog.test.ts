// The three deadlines: first byte, idle and total, and whose silence counts for each.

import { describe, expect, it } from "vitest";
import { startWatchdog } from "../../../../src/core/relay/watchdog.ts";
import { createAnswerFlow, DEADLINES, LAST_READ_MS } from "../../support/answer-flow.ts";
import { chunk, DONE, finishChunk, textChunk } from "../../../support/chat-chunks.ts";
import { createFakeClock } from "../../support/fake-clock.ts";
import { createByteCodec } from "../../support/relay-codecs.ts";

const timeout = (message: string) =>
  expect.objectContaining({ kind: "failed", error: expect.objectContaining({ status: 504, message }) });

async function begun(...[options]: Parameters<typeof createAnswerFlow>) {
  const flow = createAnswerFlow(options);
  flow.provider.send(textChunk("Hel"));
  await flow.begin();
  return flow;
}
const passing = () => ({ codec: createByteCodec("at once") });

describe("the first-byte deadline", () => {
  it("ends a wait for an answer that does not begin, at its moment", async () => {
    const flow = createAnswerFlow();
    await flow.begin();
    await flow.clock.advance(119_999);
    expect(flow.control.signal.aborted).toBe(false);
    await flow.clock.advance(1);
    expect(flow.control.signal.aborted).toBe(true);
    await flow.clock.advance(LAST_READ_MS);
    expect(flow.refusal()).toEqual(timeout("The model took too long to begin. Please try again."));
    expect(flow.provider.isCancelled()).toBe(true);
  });

  it("is one for all attempts, whatever was waited for or heard meanwhile, until the answer has begun", async () => {
    const clock = createFakeClock();
    const control = new AbortController();
    const watchdog = startWatchdog(clock, DEADLINES, control);
    for (let attempt = 0; attempt < 3; attempt++) {
      watchdog.readStarted();
      await clock.advance(30_000);
      watchdog.readEnded();
      await clock.advance(5000);
    }
    await clock.advance(14_999);
    expect(control.signal.aborted).toBe(false);
    await clock.advance(1);
    expect(control.signal.reason).toEqual(timeout("The model took too long to begin. Please try again."));
  });

  it("gives way to the idle deadline with the answer's beginning", async () => {
    const clock = createFakeClock();
    const control = new AbortController();
    const watchdog = startWatchdog(clock, DEADLINES, control);
    await clock.advance(119_000);
    watchdog.answerStarted();
    watchdog.readStarted();
    await clock.advance(59_000);
    expect(control.signal.aborted).toBe(false);
    await clock.advance(1000 + 1000);
    expect(control.signal.reason).toEqual(timeout("The model fell silent. Please try again."));
  });
});

describe("the idle deadline", () => {
  it("ends an answer that falls silent, at its moment", async () => {
    const flow = await begun();
    await flow.clock.advance(59_999);
    expect(flow.ending()).toBeUndefined();
    // A wait that began between two looks at the clock is noticed at the next one, within a second.
    await flow.clock.advance(1001 + LAST_READ_MS);
    expect(flow.ending()).toEqual(timeout("The model fell silent. Please try again."));
    expect(flow.provider.isCancelled()).toBe(true);
  });

  it("begins anew with everything that is heard", async () => {
    const flow = await begun();
    for (let count = 0; count < 5; count++) {
      await flow.clock.advance(59_000);
      flow.provider.send(chunk({}));
    }
    await flow.clock.advance(59_000);
    expect(flow.ending()).toBeUndefined();
  });

  it.each([
    ["slim", () => ({})],
    ["passed on", passing],
  ])("does not count while a %s answer waits for a caller who is slow to read", async (_name, options) => {
    const flow = await begun({ ...options(), deadlines: { idle_ms: 5000 } });
    flow.caller.stopReading();
    for (const text of ["lo", ", ", "world"]) {
      flow.provider.send(textChunk(text));
      await flow.clock.advance(50);
    }
    await flow.clock.advance(14_000);
    expect(flow.ending()).toBeUndefined();
    flow.caller.readOn();
    flow.provider.send(finishChunk(), DONE);
    await flow.clock.advance(100);
    expect(flow.ending()).toEqual({ kind: "finished" });
  });
});

describe("the total deadline", () => {
  it("counts before the answer begins, too", async () => {
    const flow = createAnswerFlow({ deadlines: { total_ms: 10_000 } });
    await flow.begin();
    await flow.clock.advance(10_000 + LAST_READ_MS);
    expect(flow.refusal()).toEqual(timeout("The model took too long to finish. Please try again."));
  });

  it("ends an answer that goes on for ever, at its moment", async () => {
    const flow = await begun({ deadlines: { total_ms: 30_500 } });
    for (let count = 0; count < 30; count++) {
      await flow.clock.advance(1000);
      flow.provider.send(textChunk("more "));
    }
    await flow.clock.advance(499);
    expect(flow.control.signal.aborted).toBe(false);
    await flow.clock.advance(1);
    expect(flow.control.signal.aborted).toBe(true);
    await flow.clock.advance(LAST_READ_MS);
    expect(flow.ending()).toEqual(timeout("The model took too long to finish. Please try again."));
    expect(flow.provider.isCancelled()).toBe(true);
  });

  it("ends the connection of a caller who reads nothing", async () => {
    const flow = await begun({ deadlines: { total_ms: 12_345 } });
    flow.caller.stopReading();
    flow.provider.send(textChunk("lo"));
    await flow.clock.advance(12_344);
    expect(flow.caller.isAborted()).toBe(false);
    await flow.clock.advance(1);
    expect(flow.caller.isAborted()).toBe(true);
    await flow.clock.advance(LAST_READ_MS);
    expect(flow.ending()).toEqual(timeout("The model took too long to finish. Please try again."));
  });
});
