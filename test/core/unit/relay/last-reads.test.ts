// The last reads of an aborted flow: bytes that have arrived are metered, others are not awaited.

import { describe, expect, it } from "vitest";
import type { AnswerFlow, FlowOptions } from "../../support/answer-flow.ts";
import { createAnswerFlow, LAST_READ_MS } from "../../support/answer-flow.ts";
import { createByteCodec, createTextCodec } from "../../support/relay-codecs.ts";
import { DONE, finishChunk, textChunk, toUtf8, usageChunk } from "../../../support/chat-chunks.ts";
import { readSlim, slimText } from "../../../support/slim-stream.ts";

const TOTAL_MS = 5000;
const END = finishChunk() + usageChunk(30, 40) + DONE;
const METERED = { usage: { input: 30, output: 40 }, ended: true };

const CODECS: [string, () => FlowOptions][] = [
  ["coalesced", () => ({ codec: createTextCodec() })],
  ["passed through", () => ({ codec: createByteCodec() })],
];
const textIn = (flow: AnswerFlow) => slimText(readSlim(toUtf8(flow.caller.text())));

/** A flow whose first text was sent `beforeMs` before its total deadline. */
async function begin(options: FlowOptions, beforeMs: number): Promise<AnswerFlow> {
  const flow = createAnswerFlow({ ...options, deadlines: { total_ms: TOTAL_MS } });
  await flow.begin();
  await flow.clock.advance(TOTAL_MS - beforeMs);
  flow.provider.send(textChunk("Hel"));
  await flow.clock.idle();
  return flow;
}

describe.each<[string, (flow: AnswerFlow) => unknown, object]>([
  ["when its caller leaves", (flow) => flow.disconnect.markLeft(), { kind: "left" }],
  [
    "by its total deadline",
    (flow) => flow.clock.advance(20),
    { kind: "timeout", error: { body: { code: "provider_timeout" } } },
  ],
])("an answer that ends %s", (_why, end, ending) => {
  it.each(CODECS)("has the usage that had arrived while its caller was slow: %s", async (_how, options) => {
    const flow = await begin(options(), 80);
    flow.caller.stopReading();
    await flow.clock.advance(50);
    flow.provider.send(textChunk("lo"));
    await flow.clock.advance(5);
    flow.provider.send(END);
    await flow.clock.advance(5);
    await end(flow);
    await flow.clock.idle();
    expect(flow.ending()).toMatchObject(ending);
    expect(flow.codec.progress).toMatchObject(METERED);
  });

  it.each(CODECS)("has the usage that arrives within 10 ms, but awaits no more: %s", async (_how, options) => {
    for (const isInTime of [true, false]) {
      const flow = await begin(options(), 80);
      await flow.clock.advance(60);
      await end(flow);
      await flow.clock.advance(LAST_READ_MS - 1);
      expect(flow.provider.isCancelled()).toBe(false);
      if (isInTime) flow.provider.send(textChunk("lo"), END);
      await flow.clock.advance(1);
      expect(flow.ending()).toMatchObject(ending);
      expect(flow.provider.isCancelled()).toBe(true);
      expect(flow.codec.progress).toMatchObject(isInTime ? METERED : { outputBytes: 3, ended: false });
    }
  });

  it.each(CODECS)("is not read for ever from a provider that continues: %s", async (_how, options) => {
    const words = Array.from({ length: 10_000 }, () => textChunk("on "));
    const flow = createAnswerFlow({ ...options(), deadlines: { total_ms: 20 }, lastWords: words });
    flow.caller.stopReading();
    await flow.begin();
    expect(flow.ending()).toBeUndefined();
    await end(flow);
    await flow.clock.idle();
    expect(flow.ending()).toMatchObject(ending);
    expect(flow.provider.isCancelled()).toBe(true);
    expect(words.length).toBeGreaterThan(9000);
  });
});

it("text that waits to be joined is metered, and sent to a caller who still reads at the deadline", async () => {
  const flow = await begin({}, 20);
  flow.provider.send(textChunk("lo"), END);
  await flow.clock.advance(10);
  expect(flow.codec.progress.usage).toBeUndefined();
  await flow.clock.advance(10);
  expect(flow.codec.progress).toMatchObject({ ...METERED, outputBytes: 5, finish: "stop" });
  expect(textIn(flow)).toBe("Hello");
});

it("a read that filled the buffer is followed by the next at once", async () => {
  const flow = createAnswerFlow();
  flow.provider.send(textChunk("Hel"));
  await flow.begin();
  await flow.clock.advance(50);
  flow.provider.send(textChunk("abcdefgh").repeat(2000));
  await flow.clock.idle();
  expect(textIn(flow)).toBe(`Hel${"abcdefgh".repeat(2000)}`);
  const sent = flow.caller.writes.length;
  expect(sent).toBeGreaterThan(4);
  flow.provider.send(textChunk("lo"));
  await flow.clock.advance(79);
  expect(flow.caller.writes).toHaveLength(sent);
  await flow.clock.advance(1);
  expect(flow.caller.writes).toHaveLength(sent + 1);
});
