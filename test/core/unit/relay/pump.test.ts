// The pump between provider and caller: order, coalescing, and every ending.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { apiError } from "../../../../src/core/errors.ts";
import type { AnswerFlow, FlowProvider } from "../../support/answer-flow.ts";
import { beginFlow, createAnswerFlow, LAST_READ_MS } from "../../support/answer-flow.ts";
import { createByteCodec } from "../../support/relay-codecs.ts";
import {
  chunk,
  DONE,
  errorFrame,
  finishChunk,
  sse,
  textChunk,
  toUtf8,
  usageChunk,
} from "../../../support/chat-chunks.ts";
import { readSlim, slimText } from "../../../support/slim-stream.ts";

const slim = (text: string) => `data:${JSON.stringify(text)}\n\n`;
const textIn = (flow: AnswerFlow) => slimText(readSlim(toUtf8(flow.caller.text())));
const passThrough = () => ({ codec: createByteCodec() });
const failedWith = (code: string) =>
  expect.objectContaining({
    kind: "failed",
    error: expect.objectContaining({ body: expect.objectContaining({ code }) }),
  });

/** A flow whose first text follows an event without text. */
async function beginEmpty(): Promise<AnswerFlow> {
  const flow = createAnswerFlow();
  flow.provider.send(chunk({ role: "assistant", content: "" }));
  await flow.begin();
  flow.provider.send(textChunk("Hel"));
  await flow.clock.idle();
  return flow;
}

describe("text", () => {
  it.each([
    ["in the first event", () => beginFlow()],
    ["after the first event", beginEmpty],
  ])("is sent at once when it is the first, and joined for the next 40 ms: %s", async (_when, start) => {
    const { caller, clock, provider } = await start();
    const startedAt = clock.now();
    expect(caller.writes).toEqual([{ at: startedAt, text: slim("Hel") }]);
    for (const text of ["lo", ", ", "wor", "ld"]) {
      await clock.advance(9);
      provider.send(textChunk(text));
    }
    await clock.advance(3);
    expect(caller.writes).toHaveLength(1);
    await clock.advance(1);
    expect(caller.writes.slice(1)).toEqual([{ at: startedAt + 40, text: slim("lo, world") }]);
    await clock.advance(3000);
    provider.send(textChunk("!"));
    await clock.idle();
    expect(caller.writes.at(-1)).toEqual({ at: clock.now(), text: slim("!") });
  });

  it.each<[string, () => Parameters<typeof createAnswerFlow>[0], (text: string) => string]>([
    ["without coalescing", () => ({ coalesceMs: 0 }), slim],
    ["that is passed through", passThrough, textChunk],
  ])("%s is sent at once each time", async (_what, options, write) => {
    const { caller, clock, provider } = await beginFlow(options());
    for (const text of ["lo", ", ", "world"]) {
      await clock.advance(1);
      provider.send(textChunk(text));
    }
    await clock.idle();
    expect(caller.writes.map(({ text }) => text)).toEqual(["Hel", "lo", ", ", "world"].map(write));
  });

  it("that arrives with the end of the answer is sent before the end", async () => {
    const flow = await beginFlow();
    flow.provider.send(textChunk("lo"), finishChunk(), usageChunk(3, 4), DONE);
    await flow.clock.advance(40);
    expect(flow.caller.text()).toBe(slim("Hel") + slim("lo"));
    expect(flow.ending()).toEqual({ kind: "finished" });
    expect(flow.codec.progress.usage).toMatchObject({ input: 3, output: 4 });
  });

  it("that arrives right before the connection breaks is sent", async () => {
    const flow = createAnswerFlow({ lastWords: [textChunk("Hel"), textChunk("lo")] });
    await flow.begin();
    await flow.clock.advance(200);
    expect(flow.ending()).toEqual(failedWith("provider_error"));
    expect(textIn(flow)).toBe("Hello");
  });

  it("is neither lost nor reordered, whatever its pace and its pieces", async () => {
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.record({ bytes: fc.integer({ min: 1, max: 400 }) }) },
      { weight: 2, arbitrary: fc.record({ ms: fc.integer({ min: 0, max: 90 }) }) },
      { weight: 1, arbitrary: fc.record({ slow: fc.boolean() }) },
    );
    const word = fc.string({ unit: "grapheme", minLength: 1, maxLength: 5 });
    const words = fc.array(word, { minLength: 1, maxLength: 12 });
    const property = fc.asyncProperty(
      words,
      fc.array(step, { maxLength: 20 }),
      fc.boolean(),
      async (texts, steps, pass) => {
        const events = [...texts.map(textChunk), finishChunk(), usageChunk(1, 2), DONE].join("");
        const flow = createAnswerFlow(pass ? passThrough() : {});
        let rest = Buffer.from(toUtf8(events));
        await flow.begin();
        for (const next of steps) {
          if ("bytes" in next && rest.length > 0) {
            flow.provider.sendBytes(rest.subarray(0, next.bytes));
            rest = rest.subarray(next.bytes);
          }
          if ("ms" in next) await flow.clock.advance(next.ms);
          if ("slow" in next && next.slow) flow.caller.stopReading();
          if ("slow" in next && !next.slow) flow.caller.readOn();
        }
        if (rest.length > 0) flow.provider.sendBytes(rest);
        flow.caller.readOn();
        await flow.clock.advance(200);
        expect(flow.ending()).toEqual({ kind: "finished" });
        expect(pass ? flow.caller.text() : textIn(flow)).toBe(pass ? events : texts.join(""));
      },
    );
    await fc.assert(property, { numRuns: 150 });
  });
});

describe("an answer", () => {
  it.each<[string, string, (provider: FlowProvider) => void, "finished" | "failed"]>([
    ["with a finish reason has finished, even without [DONE]", finishChunk(), (one) => one.end(), "finished"],
    ["without a finish reason has failed", textChunk("lo"), (one) => one.end(), "failed"],
    ["whose connection breaks after a finish reason has failed", finishChunk(), (one) => one.breakOff(), "failed"],
    ["whose connection breaks after text has failed", textChunk("lo"), (one) => one.breakOff(), "failed"],
  ])("%s, after all of its text", async (_what, event, happen, kind) => {
    for (const options of [undefined, passThrough()]) {
      const flow = await beginFlow(options);
      flow.provider.send(event);
      await flow.clock.advance(80);
      happen(flow.provider);
      await flow.clock.advance(80);
      expect(flow.ending()).toEqual(kind === "finished" ? { kind } : failedWith("provider_error"));
      const text = event === textChunk("lo") ? "Hello" : "Hel";
      if (!options) expect(textIn(flow)).toBe(text);
      expect(flow.codec.progress.outputBytes).toBe(text.length);
    }
  });

  it.each([
    ["an error event", errorFrame("It broke."), failedWith("provider_error")],
    ["an event of another format", sse("<html>"), failedWith("provider_error")],
    ["[DONE]", finishChunk() + DONE, { kind: "finished" }],
  ])("is not read any further after %s", async (_what, last, ending) => {
    const flow = await beginFlow();
    flow.provider.send(textChunk("lo"), last);
    await flow.clock.advance(80);
    expect(flow.ending()).toEqual(ending);
    expect(textIn(flow)).toBe("Hello");
    expect(flow.provider.isCancelled()).toBe(true);
  });
});

/** An event whose connection ends before its blank line, after none, one or two of the line's characters. */
const unterminated = (event: string) => ["", "\n", "\r\n", "\r"].map((end) => event.trimEnd() + end);

describe("the last event without a blank line", () => {
  it.each<[string, () => Parameters<typeof createAnswerFlow>[0]]>([
    ["decoded", () => ({})],
    ["passed through", passThrough],
  ])("ends an answer that is %s", async (_what, options) => {
    for (const last of unterminated(finishChunk())) {
      const flow = await beginFlow(options());
      flow.provider.send(last);
      flow.provider.end();
      await flow.clock.advance(80);
      expect(flow.ending(), JSON.stringify(last)).toEqual({ kind: "finished" });
    }
  });

  it("is the whole answer, or its error", async () => {
    for (const [only, ending] of [
      [chunk({ content: "Hel" }, "stop"), { kind: "finished" }],
      [errorFrame("No."), failedWith("provider_error")],
    ] as const) {
      const flow = createAnswerFlow();
      flow.provider.send(only.trimEnd());
      flow.provider.end();
      await flow.begin();
      await flow.clock.advance(80);
      expect(flow.ending()).toEqual(ending);
    }
  });

  it("is not the end when it is cut inside its JSON", async () => {
    for (let length = 1; length < finishChunk().trimEnd().length; length++) {
      const flow = await beginFlow();
      flow.provider.send(finishChunk().slice(0, length));
      flow.provider.end();
      await flow.clock.advance(80);
      expect(flow.ending(), finishChunk().slice(0, length)).toEqual(failedWith("provider_error"));
    }
  });
});

describe("before the response starts", () => {
  it("nothing is sent for comments and empty events alone", async () => {
    const flow = createAnswerFlow();
    flow.provider.send(": processing\n\n", "data:\n\n", "event: ping\n\n", "event: ping\ndata: \n\n");
    await flow.begin();
    await flow.clock.advance(1000);
    expect(flow.caller.writes).toEqual([]);
    expect(flow.ending()).toBeUndefined();
  });

  it.each<[string, (provider: FlowProvider) => void]>([
    ["ends", (provider) => provider.end()],
    ["breaks", (provider) => provider.breakOff()],
    ["is something else", (provider) => provider.send(sse("<html>"))],
  ])("an answer that %s is refused as the provider's error", async (_how, happen) => {
    const flow = createAnswerFlow();
    await flow.begin();
    happen(flow.provider);
    await flow.clock.idle();
    expect(flow.refusal()).toMatchObject({ status: 502, body: { code: "provider_error" } });
    expect(flow.caller.writes).toEqual([]);
  });

  it("an abort keeps its own reason, and cancels the provider", async () => {
    const flow = createAnswerFlow();
    await flow.begin();
    flow.control.abort({ kind: "left" });
    await flow.clock.advance(LAST_READ_MS);
    expect(flow.refusal()).toEqual({ kind: "left" });
    expect(flow.provider.isCancelled()).toBe(true);
  });
});

describe("a flow ends early", () => {
  const TOO_LONG = { kind: "failed", error: apiError("provider_timeout", "It took too long.") };

  it("at the next write after its caller left", async () => {
    const flow = await beginFlow();
    flow.caller.leave();
    await flow.clock.advance(100);
    expect(flow.ending()).toBeUndefined();
    flow.provider.send(textChunk("lo"));
    await flow.clock.advance(LAST_READ_MS);
    expect(flow.ending()).toEqual({ kind: "left" });
    expect(flow.provider.isCancelled()).toBe(true);
  });

  it("and cuts the connection of a caller who reads nothing", async () => {
    const flow = await beginFlow();
    flow.caller.stopReading();
    await flow.clock.advance(50);
    flow.provider.send(textChunk("lo"));
    await flow.clock.advance(100);
    expect(flow.ending()).toBeUndefined();
    flow.control.abort(TOO_LONG);
    await flow.clock.idle();
    expect(flow.caller.isAborted()).toBe(true);
    await flow.clock.advance(LAST_READ_MS);
    expect(flow.ending()).toEqual(failedWith("provider_timeout"));
  });

  it("and keeps the connection of a caller who reads, for the closing event", async () => {
    const flow = await beginFlow();
    flow.control.abort(TOO_LONG);
    await flow.clock.advance(LAST_READ_MS);
    expect(flow.ending()).toEqual(failedWith("provider_timeout"));
    expect(flow.caller.isAborted()).toBe(false);
  });
});
