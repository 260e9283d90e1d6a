// A native pass-through that is ended from outside still tells its caller why.

import { beforeAll, expect, it } from "vitest";
import { apiError } from "../../../../src/core/errors.ts";
import type { Progress } from "../../../../src/core/relay/answer.ts";
import { createDisconnect } from "../../../../src/core/relay/disconnect.ts";
import { startRelay } from "../../../../src/core/relay/relay.ts";
import { startWatchdog } from "../../../../src/core/relay/watchdog.ts";
import { createProvider, DEADLINES, LAST_READ_MS } from "../../support/answer-flow.ts";
import { finishChunk, fromUtf8, textChunk, usageChunk } from "../../../support/chat-chunks.ts";
import { createFakeClock } from "../../support/fake-clock.ts";
import { createByteCodec } from "../../support/relay-codecs.ts";
import { provideIdentityStreams } from "../../support/identity-stream.ts";

beforeAll(provideIdentityStreams);

const TOO_LONG = { kind: "failed", error: apiError("provider_timeout", "The model took too long.") };

/** A native answer begun with "Hel", and what its caller reads of it. */
async function begin() {
  const clock = createFakeClock();
  const provider = createProvider();
  const control = new AbortController();
  const disconnect = createDisconnect(control, clock, 0);
  const settled: Progress[] = [];
  provider.send(textChunk("Hel"));
  const body = await startRelay({
    body: provider.body,
    codec: createByteCodec("native"),
    control,
    watchdog: startWatchdog(clock, DEADLINES, control),
    clock,
    coalesceMs: 40,
    disconnect,
    ready: Promise.resolve(),
    settle: async (progress) => {
      settled.push(structuredClone(progress));
      return { left: {}, usd: 0 };
    },
  });
  const reader = body.getReader();
  let text = "";
  const read = async () => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return "whole";
      text += fromUtf8(value);
    }
  };
  return { clock, provider, control, settled, read: () => read().catch(() => "cut"), text: () => text };
}

it.each([
  ["silent", ""],
  ["in the middle", textChunk("lo")],
  ["at its end", textChunk("lo") + finishChunk() + usageChunk(30, 40)],
])("a caller who reads an answer that is %s when time is up hears that", async (_where, more) => {
  const { clock, provider, control, settled, read, text } = await begin();
  const seen = read();
  await clock.advance(1000);
  if (more) provider.send(more);
  await clock.idle();
  control.abort(TOO_LONG);
  await clock.advance(LAST_READ_MS);
  // Who called the provider cancels the call by then.
  provider.breakOff();
  await clock.advance(1000);
  expect(await seen).toBe("whole");
  expect(text().startsWith(`${textChunk("Hel")}${more}\n\ndata: {"error":`)).toBe(true);
  expect(text()).toContain("provider_timeout");
  expect(settled).toHaveLength(1);
  expect(settled[0]?.usage !== undefined).toBe(more.includes('"usage":{'));
});
