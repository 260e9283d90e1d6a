// uses: chat-completions, responses, slim-chat
// An answer that is judged on its way and takes its time: a silent provider, a slow caller or one who leaves, a judge who is late.

import { describe, expect, it } from "vitest";
import { READ_BYTES } from "../../../../src/core/relay/pump.ts";
import { LAST_READ_MS } from "../../../core/support/answer-flow.ts";
import { textChunk } from "../../../support/chat-chunks.ts";
import type { GatedFlowOptions } from "../support/gated-flow.ts";
import { createGatedFlow } from "../support/gated-flow.ts";
import type { GatedForm } from "../support/gated-forms.ts";
import { GATED_FORMS } from "../support/gated-forms.ts";

const slim = GATED_FORMS["slim over chat"] as GatedForm;

const failedWith = (code: string) =>
  expect.objectContaining({
    kind: "failed",
    error: expect.objectContaining({ body: expect.objectContaining({ code }) }),
  });

/** A flow whose provider has begun and said those texts. */
async function said(texts: string[], options?: GatedFlowOptions) {
  const flow = createGatedFlow(slim, options);
  flow.provider.send(...slim.begin, ...slim.say(texts));
  await flow.begin();
  return flow;
}

describe("an answer that is judged", () => {
  it("that is silent fails in its time, with what was sent before", async () => {
    const flow = await said(["Rivers rise. "], { deadlines: { idle_ms: 2000 } });
    await flow.giveVerdict(true);
    await flow.clock.advance(2000 + LAST_READ_MS);
    expect(flow.ending()).toEqual(failedWith("provider_timeout"));
    expect(flow.shown()).toBe("Rivers rise. ");
  });

  it("goes on when a slow caller reads on, and loses nothing", async () => {
    const flow = await said(["Rivers rise. "]);
    flow.caller.stopReading();
    await flow.giveVerdict(true);
    flow.provider.send(...slim.say(["They fall."]), ...slim.end);
    await flow.clock.advance(3000);
    expect(flow.caller.text()).toBe("");
    flow.caller.readOn();
    await flow.clock.idle();
    await flow.giveVerdict(true);
    expect(flow.ending()).toEqual({ kind: "finished" });
    expect(flow.shown()).toBe("Rivers rise. They fall.");
  });

  it("whose caller does not read is cut when time is up", async () => {
    const flow = await said(["Rivers rise. "], { deadlines: { total_ms: 5000 } });
    flow.caller.stopReading();
    await flow.giveVerdict(true);
    await flow.clock.advance(5000 + LAST_READ_MS);
    expect(flow.ending()).toEqual(failedWith("provider_timeout"));
    expect(flow.caller.isAborted()).toBe(true);
  });

  it("that is to finish without its caller is read to its end for the usage", async () => {
    const flow = await said(["Rivers rise. "], { leaveMs: 25_000 });
    flow.disconnect.markLeft();
    await flow.giveVerdict(true);
    flow.provider.send(...slim.end);
    await flow.clock.advance(1000);
    expect(flow.ending()).toEqual({ kind: "left" });
    expect(flow.codec.progress.usage).toMatchObject({ input: 3, output: 4 });
    expect(flow.caller.text()).toBe("");
  });

  it("whose caller leaves is metered by what had arrived", async () => {
    const flow = await said(["Rivers rise. "]);
    flow.provider.send(...slim.say(["They fall."]), ...slim.end);
    flow.disconnect.markLeft();
    await flow.clock.advance(LAST_READ_MS);
    expect(flow.ending()).toEqual({ kind: "left" });
    expect(flow.codec.progress.usage).toMatchObject({ output: 4 });
  });

  it.each([
    ["of long texts", textChunk("y".repeat(40_000)), 40_000],
    ["without text", textChunk("").replace("{", `{"padding":"${"y".repeat(40_000)}",`), 0],
  ])(
    "is read no further while 4 Mi characters of events %s wait, and goes on after that",
    async (_kind, event, chars) => {
      const flow = await said(["x".repeat(400)]);
      for (let sent = 0; sent < 120; sent++) {
        flow.provider.send(event);
        await flow.clock.idle();
      }
      expect(flow.codec.waiting).toBeGreaterThanOrEqual(4_194_304);
      expect(flow.codec.waiting).toBeLessThan(4_194_304 + READ_BYTES);
      flow.provider.send(...slim.end);
      while (!flow.ending()) await flow.giveVerdict(true);
      expect(flow.ending()).toEqual({ kind: "finished" });
      expect(flow.codec.waiting).toBe(0);
      expect(flow.shown()).toHaveLength(400 + 120 * chars);
    },
    30_000,
  );
});
