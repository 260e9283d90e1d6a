// The pump between provider and caller: order, coalescing, and every ending.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { apiError } from "../../../../src/core/errors.ts";
import { createAnswerFlow, LAST_READ_MS } from "../../support/answer-flow.ts";
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
const passCodec = () => createByteCodec("at once");
const failedWith = (code: string) =>
  expect.objectContaining({
    kind: "failed",
    error: expect.objectContaining({ body: expect.objectContaining({ code }) }),
  });

/** A flow whose provider has sent a first text. */
async function begun(...[options]: Parameters<typeof createAnswerFlow>) {
  const flow = createAnswerFlow(options);
  flow.provider.send(textChunk("Hel"));
  await flow.begin();
  return flow;
}

describe("text", () => {
  it("goes at once when it is the first", async () => {
    const { caller, clock } = await begun();
    expect(caller.writes).toEqual([{ at: clock.now(), text: slim("Hel") }]);
  });

  it.each([
    ["began with the answer", () => begun()],
    [
      "came after the answer began",
      async () => {
        const flow = createAnswerFlow();
        flow.provider.send(chunk({ role: "assistant", content: "" }));
        await flow.begin();
        flow.provider.send(textChunk("Hel"));
        await flow.clock.idle();
        return flow;
      },
    ],
  ])("that arrives within 40 ms of a first text that %s travels together, in one write", async (_when, start) => {
    const { caller, clock, provider } = await start();
    expect(caller.writes.map(({ text }) => text)).toEqual([slim("Hel")]);
    const startedAt = clock.now();
    for (const text of ["lo", ", ", "wor", "ld"]) {
      await clock.advance(9);
      provider.send(textChunk(text));
    }
    await clock.advance(3);
    expect(caller.writes).toHaveLength(1);
    await clock.advance(1);
    expect(caller.writes.slice(1)).toEqual([{ at: startedAt + 40, text: slim("lo, world") }]);
  });

  it("that arrives after a silence goes at once", async () => {
    const { caller, clock, provider } = await begun();
    await clock.advance(3000);
    provider.send(textChunk("lo"));
    await clock.idle();
    expect(caller.writes.slice(1)).toEqual([{ at: clock.now(), text: slim("lo") }]);
  });

  it("goes at once each time where nothing is joined", async () => {
    const { caller, clock, provider } = await begun({ coalesceMs: 0 });
    for (const text of ["lo", ", ", "world"]) {
      await clock.advance(1);
      provider.send(textChunk(text));
    }
    await clock.idle();
    expect(caller.writes.map(({ text }) => text)).toEqual(["Hel", "lo", ", ", "world"].map(slim));
  });

  it("that is passed on as it came is not joined by waiting", async () => {
    const { caller, clock, provider } = await begun({ codec: passCodec() });
    await clock.advance(1);
    provider.send(textChunk("lo"));
    await clock.idle();
    expect(caller.writes.map(({ text }) => text)).toEqual([textChunk("Hel"), textChunk("lo")]);
  });

  it("that arrives with the end of the answer is sent before the end", async () => {
    const flow = await begun();
    flow.provider.send(textChunk("lo"), finishChunk(), usageChunk(3, 4), DONE);
    await flow.clock.advance(40);
    expect(flow.caller.text()).toBe(slim("Hel") + slim("lo"));
    expect(flow.ending()).toEqual({ kind: "finished" });
    expect(flow.codec.progress.usage).toMatchObject({ input: 3, output: 4 });
  });

  it("that arrived right before the connection broke is sent", async () => {
    const flow = createAnswerFlow({ lastWords: [textChunk("Hel"), textChunk("lo")] });
    await flow.begin();
    await flow.clock.advance(100);
    expect(flow.ending()).toEqual(failedWith("provider_error"));
    expect(slimText(readSlim(toUtf8(flow.caller.text())))).toBe("Hello");
  });

  it("is neither lost nor reordered, whatever its pace and its pieces", async () => {
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.record({ bytes: fc.integer({ min: 1, max: 400 }) }) },
      { weight: 2, arbitrary: fc.record({ ms: fc.integer({ min: 0, max: 90 }) }) },
      { weight: 1, arbitrary: fc.record({ slow: fc.boolean() }) },
    );
    const words = fc.array(fc.string({ unit: "grapheme", minLength: 1, maxLength: 5 }), {
      minLength: 1,
      maxLength: 12,
    });
    const property = fc.asyncProperty(
      words,
      fc.array(step, { maxLength: 20 }),
      fc.boolean(),
      async (texts, steps, pass) => {
        const events = [...texts.map(textChunk), finishChunk(), usageChunk(1, 2), DONE].join("");
        const flow = createAnswerFlow(pass ? { codec: passCodec() } : {});
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
        if (pass) expect(flow.caller.text()).toBe(events);
        else expect(slimText(readSlim(toUtf8(flow.caller.text())))).toBe(texts.join(""));
      },
    );
    await fc.assert(property, { numRuns: 150 });
  });
});

type Provider = ReturnType<typeof createAnswerFlow>["provider"];

describe("an answer", () => {
  it.each<[string, string[], (provider: Provider) => void, "finished" | "failed"]>([
    ["with a finish reason has finished, even without [DONE]", [finishChunk()], (one) => one.end(), "finished"],
    ["without a finish reason has failed", [textChunk("lo")], (one) => one.end(), "failed"],
    [
      "whose connection breaks has failed, even after a finish reason",
      [finishChunk()],
      (one) => one.breakOff(),
      "failed",
    ],
    ["whose connection breaks after text has failed", [textChunk("lo")], (one) => one.breakOff(), "failed"],
  ])("%s, after all of its text", async (_what, events, happen, kind) => {
    for (const options of [{}, { codec: passCodec() }]) {
      const flow = await begun(options);
      flow.provider.send(...events);
      await flow.clock.advance(80);
      happen(flow.provider);
      await flow.clock.advance(80);
      expect(flow.ending()).toEqual(kind === "finished" ? { kind } : failedWith("provider_error"));
      const said = events.includes(textChunk("lo")) ? ["Hel", "lo"] : ["Hel"];
      if (!options.codec) expect(flow.caller.text()).toBe(said.map(slim).join(""));
      expect(flow.codec.progress.outputBytes).toBe(said.join("").length);
    }
  });

  it.each([
    ["an error event", errorFrame("It broke."), failedWith("provider_error")],
    ["an event of another format", sse("<html>"), failedWith("provider_error")],
    ["[DONE]", finishChunk() + DONE, { kind: "finished" }],
  ])("is read no further after %s", async (_what, last, ending) => {
    const flow = await begun();
    flow.provider.send(textChunk("lo"));
    await flow.clock.advance(80);
    flow.provider.send(last);
    await flow.clock.advance(80);
    expect(flow.ending()).toEqual(ending);
    expect(slimText(readSlim(toUtf8(flow.caller.text())))).toBe("Hello");
    expect(flow.provider.isCancelled()).toBe(true);
  });
});

describe("before anything is promised", () => {
  it("nothing is sent for comments alone", async () => {
    const flow = createAnswerFlow();
    flow.provider.send(": processing\n\n");
    await flow.begin();
    await flow.clock.advance(1000);
    expect(flow.caller.writes).toEqual([]);
    expect(flow.ending()).toBeUndefined();
  });

  it.each([
    ["ends", (provider: Provider) => provider.end()],
    ["breaks", (provider: Provider) => provider.breakOff()],
    ["is something else", (provider: Provider) => provider.send(sse("<html>"))],
  ])("an answer that %s is refused as the provider's error", async (_how, happen) => {
    const flow = createAnswerFlow();
    await flow.begin();
    happen(flow.provider);
    await flow.clock.idle();
    expect(flow.refusal()).toMatchObject({ status: 502, body: { code: "provider_error" } });
    expect(flow.caller.writes).toEqual([]);
  });

  it("an end from outside keeps its own reason, and cancels the provider", async () => {
    const flow = createAnswerFlow();
    await flow.begin();
    flow.control.abort({ kind: "left" });
    await flow.clock.advance(LAST_READ_MS);
    expect(flow.refusal()).toEqual({ kind: "left" });
    expect(flow.provider.isCancelled()).toBe(true);
  });
});

describe("a caller who leaves", () => {
  it("is noticed at the next write: the provider is cancelled and the ending says so", async () => {
    const flow = await begun();
    flow.caller.leave();
    await flow.clock.advance(100);
    expect(flow.ending()).toBeUndefined();
    flow.provider.send(textChunk("lo"));
    await flow.clock.advance(LAST_READ_MS);
    expect(flow.ending()).toEqual({ kind: "left" });
    expect(flow.provider.isCancelled()).toBe(true);
  });

  it("ends the flow when the platform reports it, after the bytes that have arrived", async () => {
    const flow = await begun();
    flow.control.abort({ kind: "left" });
    await flow.clock.advance(LAST_READ_MS - 1);
    expect(flow.ending()).toBeUndefined();
    await flow.clock.advance(1);
    expect(flow.ending()).toEqual({ kind: "left" });
    expect(flow.provider.isCancelled()).toBe(true);
  });
});

describe("a flow that is ended from outside", () => {
  it("lets go of a caller who reads nothing", async () => {
    const flow = await begun();
    flow.caller.stopReading();
    await flow.clock.advance(50);
    flow.provider.send(textChunk("lo"));
    await flow.clock.advance(100);
    expect(flow.ending()).toBeUndefined();
    flow.control.abort({ kind: "failed", error: apiError("provider_timeout", "It took too long.") });
    await flow.clock.idle();
    expect(flow.caller.isAborted()).toBe(true);
    await flow.clock.advance(LAST_READ_MS);
    expect(flow.ending()).toEqual(failedWith("provider_timeout"));
  });

  it("keeps the connection of a caller who reads, for the last event", async () => {
    const flow = await begun();
    flow.control.abort({ kind: "failed", error: apiError("provider_timeout", "It took too long.") });
    await flow.clock.advance(LAST_READ_MS);
    expect(flow.ending()).toEqual(failedWith("provider_timeout"));
    expect(flow.caller.isAborted()).toBe(false);
    await flow.caller.writer.write(toUtf8("event:failed\n"));
    expect(flow.caller.text()).toContain("event:failed");
  });
});
