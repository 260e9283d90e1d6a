// The last reads of a flow that is ended from outside: bytes that have arrived are metered, others are not awaited.

import { describe, expect, it } from "vitest";
import type { FlowOptions } from "../../support/answer-flow.ts";
import { createAnswerFlow, LAST_READ_MS } from "../../support/answer-flow.ts";
import { createByteCodec, createTextCodec } from "../../support/relay-codecs.ts";
import { DONE, finishChunk, textChunk, toUtf8, usageChunk } from "../../../support/chat-chunks.ts";
import { readSlim, slimText } from "../../../support/slim-stream.ts";

type AnswerFlow = ReturnType<typeof createAnswerFlow>;

const TOTAL_MS = 5000;
const END = finishChunk() + usageChunk(30, 40) + DONE;
const USAGE = { input: 30, output: 40 };

const slim = () => ({ codec: createTextCodec() });
const passed = () => ({ codec: createByteCodec("at once") });
const CODECS: [string, () => FlowOptions][] = [
  ["slim", slim],
  ["passed on", passed],
];

/** A flow whose first text was sent `beforeMs` before its total deadline. */
async function begun(options: FlowOptions, beforeMs: number): Promise<AnswerFlow> {
  const flow = createAnswerFlow({ ...options, deadlines: { total_ms: TOTAL_MS } });
  await flow.begin();
  await flow.clock.advance(TOTAL_MS - beforeMs);
  flow.provider.send(textChunk("Hel"));
  await flow.clock.idle();
  return flow;
}

describe.each([
  ["its caller leaves", (flow: AnswerFlow) => flow.disconnect.markLeft(), { kind: "left" }],
  [
    "its time is up",
    (flow: AnswerFlow) => flow.clock.advance(20),
    { kind: "failed", error: { body: { code: "provider_timeout" } } },
  ],
])("an answer that is ended because %s", (_why, strike, ending) => {
  it("while its text waits for more has the usage that had arrived", async () => {
    const flow = await begun(slim(), 30);
    flow.provider.send(textChunk("lo"), END);
    await flow.clock.advance(10);
    expect(flow.codec.progress.usage).toBeUndefined();
    await strike(flow);
    await flow.clock.idle();
    expect(flow.ending()).toMatchObject(ending);
    expect(flow.codec.progress).toMatchObject({ outputBytes: 5, finish: "stop", usage: USAGE, ended: true });
    expect(flow.provider.isCancelled()).toBe(true);
  });

  it.each(CODECS)("while its caller is slow to read has the usage that had arrived, %s", async (_how, options) => {
    const flow = await begun(options(), 80);
    flow.caller.stopReading();
    await flow.clock.advance(50);
    flow.provider.send(textChunk("lo"));
    await flow.clock.advance(5);
    flow.provider.send(END);
    await flow.clock.advance(5);
    await strike(flow);
    await flow.clock.idle();
    expect(flow.ending()).toMatchObject(ending);
    expect(flow.codec.progress).toMatchObject({ usage: USAGE, ended: true });
  });

  it.each(CODECS)("has the usage that arrives a moment later, %s", async (_how, options) => {
    const flow = await begun(options(), 80);
    await flow.clock.advance(60);
    await strike(flow);
    await flow.clock.advance(LAST_READ_MS - 1);
    expect(flow.provider.isCancelled()).toBe(false);
    flow.provider.send(textChunk("lo"), END);
    await flow.clock.idle();
    expect(flow.ending()).toMatchObject(ending);
    expect(flow.codec.progress).toMatchObject({ usage: USAGE, ended: true });
    expect(flow.provider.isCancelled()).toBe(true);
  });

  it.each(CODECS)("does not wait for what arrives later, %s", async (_how, options) => {
    const flow = await begun(options(), 80);
    await flow.clock.advance(60);
    await strike(flow);
    await flow.clock.advance(LAST_READ_MS);
    expect(flow.ending()).toMatchObject(ending);
    expect(flow.provider.isCancelled()).toBe(true);
    expect(flow.codec.progress).toMatchObject({ outputBytes: 3, ended: false });
  });

  it.each(CODECS)("does not wait for a provider that goes on for ever, %s", async (_how, options) => {
    const words = Array.from({ length: 10_000 }, () => textChunk("on "));
    const flow = createAnswerFlow({ ...options(), deadlines: { total_ms: 20 }, lastWords: words });
    flow.caller.stopReading();
    await flow.begin();
    expect(flow.ending()).toBeUndefined();
    await strike(flow);
    await flow.clock.idle();
    expect(flow.ending()).toMatchObject(ending);
    expect(flow.provider.isCancelled()).toBe(true);
    expect(words.length).toBeGreaterThan(9900);
  });
});

it("what came last is sent to a caller who still reads when time is up", async () => {
  const flow = await begun(slim(), 20);
  flow.provider.send(textChunk("lo"), END);
  await flow.clock.advance(20);
  expect(slimText(readSlim(toUtf8(flow.caller.text())))).toBe("Hello");
});

describe("a read that filled the buffer", () => {
  const MANY = textChunk("abcdefgh").repeat(2000);

  it("is followed by the next without waiting, up to one that did not", async () => {
    const flow = createAnswerFlow();
    flow.provider.send(textChunk("Hel"));
    await flow.begin();
    await flow.clock.advance(50);
    flow.provider.send(MANY);
    await flow.clock.idle();
    expect(slimText(readSlim(toUtf8(flow.caller.text())))).toBe(`Hel${"abcdefgh".repeat(2000)}`);
    expect(flow.caller.writes.length).toBeGreaterThan(4);
    const sent = flow.caller.writes.length;
    flow.provider.send(textChunk("lo"));
    await flow.clock.advance(39);
    expect(flow.caller.writes).toHaveLength(sent);
    await flow.clock.advance(1);
    expect(flow.caller.writes).toHaveLength(sent + 1);
  });
});
