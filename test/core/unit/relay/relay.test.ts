// A relayed answer as a response body: settled exactly once, before its closing event, and not if it never started.

import { beforeAll, describe, expect, it } from "vitest";
import { apiError } from "../../../../src/core/errors.ts";
import type { Progress } from "../../../../src/core/relay/answer.ts";
import { createDisconnect } from "../../../../src/core/relay/disconnect.ts";
import { startRelay } from "../../../../src/core/relay/relay.ts";
import type { Ending } from "../../../../src/core/relay/watchdog.ts";
import { createStreamBody } from "../../../../src/core/relay/stream-body.ts";
import { startWatchdog } from "../../../../src/core/relay/watchdog.ts";
import type { FlowProvider } from "../../support/answer-flow.ts";
import { createProvider, DEADLINES, LAST_READ_MS } from "../../support/answer-flow.ts";
import { DONE, errorFrame, finishChunk, fromUtf8, textChunk, usageChunk } from "../../../support/chat-chunks.ts";
import { createFakeClock } from "../../support/fake-clock.ts";
import { provideIdentityStreams } from "../../support/identity-stream.ts";
import { createByteCodec, createTextCodec } from "../../support/relay-codecs.ts";
import { refusalOf } from "../../../support/refusals.ts";

beforeAll(provideIdentityStreams);

/** A relay, and its settlements. `start` returns a reader and what `readAll` has read so far. */
function createRelay({ leaveMs = 0, codec = createTextCodec(), ready = Promise.resolve(), readsAlways = false } = {}) {
  const clock = createFakeClock();
  const provider = createProvider();
  const control = new AbortController();
  const disconnect = createDisconnect(control, clock, () => leaveMs);
  let keepAlives = 0;
  const watchdog = startWatchdog(clock, DEADLINES, control, () => (keepAlives += 1));
  const settlements: { progress: Progress; ending: Ending }[] = [];
  const settle = async (progress: Progress, ending: Ending) => {
    settlements.push({ progress: structuredClone(progress), ending });
    const charged = { input: 1, cached: 0, output: 2, reasoning: 0 };
    return { left: { "tokens/day": 7 }, usd: 0.25, charged };
  };
  const start = async () => {
    const setup = { body: provider.body, codec, control, watchdog, clock, coalesceMs: 40, disconnect, ready, settle };
    const body = createStreamBody(disconnect, readsAlways);
    await startRelay({ ...setup, grantedOutput: 100, start: () => body });
    const reader = body.readable.getReader();
    const seen = { text: "", end: "open" };
    const readAll = async () => {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return "complete";
        seen.text += fromUtf8(value);
      }
    };
    const read = () =>
      void readAll().then(
        (end) => (seen.end = end),
        () => (seen.end = "cut"),
      );
    return { reader, seen, read };
  };
  return { clock, provider, control, disconnect, settlements, start, keepAlives: () => keepAlives };
}

/** A relay whose caller left after the first text. */
async function left(leaveMs: number) {
  const relay = createRelay({ leaveMs });
  relay.provider.send(textChunk("Hello"));
  const { reader } = await relay.start();
  await reader.read();
  await reader.cancel();
  relay.disconnect.markLeft();
  return relay;
}

describe("a relay", () => {
  it("sends keep-alives while its answer waits for a verdict", async () => {
    const ready = Promise.withResolvers<void>();
    const { clock, provider, start, keepAlives } = createRelay({ ready: ready.promise });
    provider.send(textChunk("Hello"));
    const started = start();
    await clock.advance(DEADLINES.keep_alive_ms);
    expect(keepAlives()).toBe(1);
    ready.resolve();
    await started;
  });

  it("settles a finished answer once, before the closing event with its cost", async () => {
    const { clock, provider, settlements, start } = createRelay();
    provider.send(textChunk("Hello"));
    const { seen, read } = await start();
    read();
    provider.send(finishChunk(), usageChunk(12, 30), DONE);
    await clock.advance(200);
    expect(settlements).toMatchObject([{ progress: { usage: { input: 12 } }, ending: { kind: "finished" } }]);
    expect(seen.end).toBe("complete");
    expect(seen.text).toContain('event:done\ndata:{"left":{"tokens/day":7},"usd":0.25');
  });

  it.each<[string, string, boolean]>([
    ["broke off", textChunk("Hello"), true],
    ["had an error in the same read as its text", textChunk("Hello") + errorFrame("No."), false],
  ])("settles an answer that %s, and sends its text and the failure", async (_how, events, ends) => {
    const { clock, provider, settlements, start } = createRelay();
    provider.send(events);
    const { seen, read } = await start();
    read();
    if (ends) provider.end();
    await clock.advance(200);
    expect(settlements).toMatchObject([{ progress: { outputBytes: 5 }, ending: { kind: "failed" } }]);
    expect(seen.text).toMatch(/^data:"Hello"\n\nevent:failed\n/);
  });

  it.each<[string, (provider: FlowProvider) => void]>([
    ["ends", (provider) => provider.end()],
    ["is an error", (provider) => provider.send(errorFrame("It broke."))],
  ])("does not settle an answer that %s before it starts", async (_how, happen) => {
    const { provider, settlements, start } = createRelay();
    happen(provider);
    expect((await refusalOf(start)).body.code).toBe("provider_error");
    expect(settlements).toEqual([]);
  });

  it("does not start an answer that is not ready", async () => {
    const { provider, settlements, start } = createRelay({ ready: Promise.reject(apiError("provider_error", "No.")) });
    provider.send(textChunk("Hello"));
    expect((await refusalOf(start)).body.message).toBe("No.");
    expect(settlements).toEqual([]);
  });

  it("settles an answer whose caller left, once, with the bytes relayed", async () => {
    const { clock, provider, settlements } = await left(0);
    await clock.advance(100);
    expect(settlements).toMatchObject([{ progress: { outputBytes: 5 }, ending: { kind: "left" } }]);
    expect(provider.isCancelled()).toBe(true);
  });

  it("settles an answer with a grace period after its caller left, once, with its usage", async () => {
    const { clock, provider, settlements } = await left(25_000);
    await clock.advance(9000);
    expect(settlements).toEqual([]);
    provider.send(finishChunk(), usageChunk(12, 30), DONE);
    await clock.advance(60_000);
    expect(settlements).toMatchObject([{ progress: { usage: { input: 12, output: 30 } }, ending: { kind: "left" } }]);
  });
});

describe("a relay that is cancelled", () => {
  const CANCELLED: Ending = { kind: "cancelled" };

  it("sends the text that has arrived, settles once, and closes with the cost", async () => {
    const { clock, provider, control, settlements, start } = createRelay();
    provider.send(textChunk("Hel"));
    const { seen, read } = await start();
    read();
    provider.send(textChunk("lo"));
    await clock.idle();
    control.abort(CANCELLED);
    await clock.advance(LAST_READ_MS);
    expect(seen).toEqual({
      text: 'data:"Hel"\n\ndata:"lo"\n\nevent:cancelled\ndata:{"left":{"tokens/day":7},"usd":0.25,"charged":{"input":1,"cached":0,"output":2,"reasoning":0}}\n\n',
      end: "complete",
    });
    expect(settlements).toMatchObject([{ progress: { outputBytes: 5 }, ending: CANCELLED }]);
    expect(provider.isCancelled()).toBe(true);
  });

  it("after its answer was complete ends as finished", async () => {
    const { clock, provider, control, settlements, start } = createRelay();
    provider.send(textChunk("Hello"), finishChunk(), usageChunk(12, 30), DONE);
    const { seen, read } = await start();
    await clock.idle();
    read();
    await clock.advance(200);
    control.abort(CANCELLED);
    await clock.advance(LAST_READ_MS);
    expect(seen.text).toMatch(/^data:"Hello"\n\nevent:done\n/);
    expect(settlements).toMatchObject([{ ending: { kind: "finished" } }]);
  });

  it("is cut when its format has no event for that", async () => {
    const { clock, provider, control, settlements, start } = createRelay({ codec: createByteCodec() });
    provider.send(textChunk("Hel"));
    const { seen, read } = await start();
    read();
    control.abort(CANCELLED);
    await clock.advance(LAST_READ_MS);
    expect([seen.text, seen.end, settlements.length]).toEqual([textChunk("Hel"), "cut", 1]);
  });

  it.each([
    [true, "complete", /^data:"Hel"\n\nevent:cancelled\n/],
    [false, "cut", /^$/],
  ])("waits for a caller who always reads, however late (%s)", async (readsAlways, end, text) => {
    const { clock, provider, control, start } = createRelay({ readsAlways });
    provider.send(textChunk("Hel"));
    const { seen, read } = await start();
    await clock.idle();
    control.abort(CANCELLED);
    await clock.advance(1000);
    read();
    await clock.idle();
    expect(seen.end).toBe(end);
    expect(seen.text).toMatch(text);
  });
});

describe("a relay of whole events", () => {
  const TOO_LONG = { kind: "failed", error: apiError("provider_timeout", "The model took too long.") };

  it.each([
    ["silent", ""],
    ["in the middle", textChunk("lo")],
    ["at its end", textChunk("lo") + finishChunk() + usageChunk(30, 40)],
  ])("that is aborted while the provider is %s sends the failure to a caller who reads", async (_where, more) => {
    const { clock, provider, control, settlements, start } = createRelay({ codec: createByteCodec() });
    provider.send(textChunk("Hel"));
    const { seen, read } = await start();
    read();
    await clock.advance(1000);
    if (more) provider.send(more);
    await clock.idle();
    control.abort(TOO_LONG);
    await clock.advance(LAST_READ_MS);
    // The gateway has cancelled the provider's request by then.
    provider.breakOff();
    await clock.advance(1000);
    expect(seen.end).toBe("complete");
    expect(seen.text.startsWith(`${textChunk("Hel")}${more}data: {"error":`)).toBe(true);
    expect(seen.text).toContain("provider_timeout");
    expect(settlements).toHaveLength(1);
    expect(settlements[0]?.progress.usage !== undefined).toBe(more.includes('"usage":{'));
  });
});
