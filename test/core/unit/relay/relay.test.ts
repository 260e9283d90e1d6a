// An answer as a response body: settled exactly once, before its last words, and not at all when it never began.

import { beforeAll, describe, expect, it } from "vitest";
import type { Progress } from "../../../../src/core/relay/answer.ts";
import { createDisconnect } from "../../../../src/core/relay/disconnect.ts";
import { startRelay } from "../../../../src/core/relay/relay.ts";
import type { Ending } from "../../../../src/core/relay/watchdog.ts";
import { startWatchdog } from "../../../../src/core/relay/watchdog.ts";
import { createProvider, DEADLINES } from "../../support/answer-flow.ts";
import { DONE, errorFrame, finishChunk, fromUtf8, textChunk, usageChunk } from "../../../support/chat-chunks.ts";
import { createFakeClock } from "../../support/fake-clock.ts";
import { createTextCodec } from "../../support/relay-codecs.ts";
import { provideIdentityStreams } from "../../support/identity-stream.ts";
import { refusalOf } from "../../../support/refusals.ts";

beforeAll(provideIdentityStreams);

/** A relay, and what it was settled with. */
function createRelay(leaveMs = 0) {
  const clock = createFakeClock();
  const provider = createProvider();
  const control = new AbortController();
  const disconnect = createDisconnect(control, clock, leaveMs);
  const watchdog = startWatchdog(clock, DEADLINES, control);
  const settlements: { progress: Progress; ending: Ending }[] = [];
  const start = async () => {
    const body = await startRelay({
      body: provider.body,
      codec: createTextCodec(),
      control,
      watchdog,
      clock,
      coalesceMs: 40,
      disconnect,
      ready: Promise.resolve(),
      settle: async (progress, ending) => {
        settlements.push({ progress: structuredClone(progress), ending });
        return { left: { "tokens/day": 7 }, usd: 0.25 };
      },
    });
    return body.getReader();
  };
  return { clock, provider, disconnect, settlements, start };
}

/** Reads all that comes while time goes on. */
async function readAll(reader: ReadableStreamDefaultReader<Uint8Array>, clock: ReturnType<typeof createFakeClock>) {
  let text = "";
  const reading = (async () => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      text += fromUtf8(value);
    }
  })();
  await clock.advance(200);
  await reading;
  return text;
}

describe("a relay", () => {
  it("settles a finished answer once, before its last words tell what is left and what it cost", async () => {
    const { clock, provider, settlements, start } = createRelay();
    provider.send(textChunk("Hello"));
    const reader = await start();
    provider.send(finishChunk(), usageChunk(12, 30), DONE);
    const text = await readAll(reader, clock);
    expect(settlements).toMatchObject([{ progress: { usage: { input: 12 } }, ending: { kind: "finished" } }]);
    expect(text).toContain('"usd":0.25');
    expect(text).toContain('"left":{"tokens/day":7}');
  });

  it("settles an answer that broke off, and says that it failed", async () => {
    const { clock, provider, settlements, start } = createRelay();
    provider.send(textChunk("Hello"));
    const reader = await start();
    provider.end();
    const text = await readAll(reader, clock);
    expect(settlements).toMatchObject([{ progress: { outputBytes: 5 }, ending: { kind: "failed" } }]);
    expect(text).toContain("event:failed");
  });

  it.each([
    ["ends", (provider: ReturnType<typeof createProvider>) => provider.end()],
    ["is an error", (provider: ReturnType<typeof createProvider>) => provider.send(errorFrame("It broke."))],
  ])("of an answer that %s before it began settles nothing: whoever started it does", async (_how, happen) => {
    const { provider, settlements, start } = createRelay();
    happen(provider);
    expect((await refusalOf(start)).body.code).toBe("provider_error");
    expect(settlements).toEqual([]);
  });

  it("sends and settles text that came in one read with an error as if they had come in two", async () => {
    const { clock, provider, settlements, start } = createRelay();
    const error = `data: ${JSON.stringify({ error: { message: "No.", type: "server_error", param: null, code: null } })}\n\n`;
    provider.send(`${textChunk("Hello")}${error}`);
    const reader = await start();
    expect(new TextDecoder().decode((await reader.read()).value)).toContain("Hello");
    await clock.advance(100);
    expect(settlements).toMatchObject([{ progress: { outputBytes: 5 }, ending: { kind: "failed" } }]);
  });

  it("settles an answer whose caller left, once, with what was relayed", async () => {
    const { clock, provider, disconnect, settlements, start } = createRelay();
    provider.send(textChunk("Hello"));
    const reader = await start();
    await reader.read();
    await reader.cancel();
    disconnect.markLeft();
    await clock.advance(100);
    expect(settlements).toMatchObject([{ progress: { outputBytes: 5 }, ending: { kind: "left" } }]);
    expect(provider.isCancelled()).toBe(true);
  });

  it("settles an answer that is to finish after its caller left with the usage that came for it", async () => {
    const { clock, provider, disconnect, settlements, start } = createRelay(25_000);
    provider.send(textChunk("Hello"));
    const reader = await start();
    await reader.read();
    await reader.cancel();
    disconnect.markLeft();
    await clock.advance(9000);
    expect(settlements).toEqual([]);
    provider.send(finishChunk(), usageChunk(12, 30), DONE);
    await clock.advance(100);
    expect(settlements).toMatchObject([{ progress: { usage: { input: 12, output: 30 } }, ending: { kind: "left" } }]);
    await clock.advance(60_000);
    expect(settlements).toHaveLength(1);
  });
});
