// uses: chat-completions, responses, slim-chat
// An answer that is judged on its way: what is sent was judged good, and the answer ends by any side in good order.

import { describe, expect, it } from "vitest";
import { LAST_READ_MS } from "../../../core/support/answer-flow.ts";
import { DONE, errorFrame, finishChunk, sse, usageChunk } from "../../../support/chat-chunks.ts";
import type { GatedFlowOptions } from "../support/gated-flow.ts";
import { createGatedFlow } from "../support/gated-flow.ts";
import type { GatedForm } from "../support/gated-forms.ts";
import { GATED_FORMS, toolChunk } from "../support/gated-forms.ts";

const FORMS = Object.entries(GATED_FORMS);
const slim = GATED_FORMS["slim over chat"] as GatedForm;
const chat = GATED_FORMS["chat with usage"] as GatedForm;

const failedWith = (code: string) =>
  expect.objectContaining({
    kind: "failed",
    error: expect.objectContaining({ body: expect.objectContaining({ code }) }),
  });

/** A flow whose provider has begun and said those texts. */
async function said(form: GatedForm, texts: string[], options?: GatedFlowOptions) {
  const flow = createGatedFlow(form, options);
  flow.provider.send(...form.begin, ...form.say(texts));
  await flow.begin();
  return flow;
}

describe.each(FORMS)("an answer that is judged, %s,", (_name, form) => {
  it("is sent sentence by sentence, each once it has been judged", async () => {
    const flow = await said(form, ["Rivers ", "rise. ", "They"]);
    expect([flow.moderated, flow.shown()]).toEqual([["Rivers rise. "], ""]);
    await flow.giveVerdict(true);
    expect(flow.shown()).toBe("Rivers rise. ");
    await flow.clock.advance(699);
    expect(flow.moderated).toHaveLength(1);
    await flow.clock.advance(1);
    expect(flow.moderated.at(-1)).toBe("Rivers rise. They");
    await flow.giveVerdict(true);
    expect(flow.shown()).toBe("Rivers rise. They");
  });

  it("is sent whole and concluded where all is allowed", async () => {
    const flow = await said(form, ["Rivers rise. ", "They fall."]);
    flow.provider.send(...form.end);
    await flow.clock.idle();
    await flow.giveVerdict(true);
    expect(flow.ending()).toBeUndefined();
    await flow.giveVerdict(true);
    expect(flow.ending()).toEqual({ kind: "finished" });
    expect(flow.shown()).toBe("Rivers rise. They fall.");
    expect(flow.codec.progress.usage).toMatchObject({ input: 3, output: 4 });
    expect(flow.provider.isCancelled()).toBe(true);
  });

  it("that is refused ends as blocked, after what was allowed, and its provider is cancelled", async () => {
    const flow = await said(form, ["Rivers rise. "]);
    await flow.giveVerdict(true);
    flow.provider.send(...form.say(["They kill. ", "And more"]));
    await flow.clock.idle();
    await flow.giveVerdict(false);
    await flow.clock.advance(LAST_READ_MS);
    expect(flow.ending()).toMatchObject({ kind: "blocked", error: { body: { code: "content_policy_violation" } } });
    expect(flow.provider.isCancelled()).toBe(true);
    expect(flow.shown()).toBe("Rivers rise. ");
    expect(flow.caller.text()).not.toMatch(/kill|more/);
    expect(form.isBlocked(flow.caller.text())).toBe(true);
  });

  it("is blocked even where the judge is slower than the whole answer", async () => {
    const flow = await said(form, ["They kill. "]);
    flow.provider.send(...form.end);
    flow.provider.end();
    await flow.clock.advance(5000);
    await flow.giveVerdict(false);
    expect(flow.ending()).toMatchObject({ kind: "blocked" });
    expect(flow.shown()).toBe("");
    expect(form.isBlocked(flow.caller.text())).toBe(true);
  });

  it("that breaks off while text waits is judged and sent up to there, and has failed then", async () => {
    const flow = await said(form, ["Rivers rise. ", "They"]);
    flow.provider.breakOff();
    await flow.clock.idle();
    await flow.giveVerdict(true);
    expect(flow.ending()).toBeUndefined();
    await flow.giveVerdict(true);
    expect(flow.ending()).toEqual(failedWith("provider_error"));
    expect(flow.shown()).toBe("Rivers rise. They");
  });

  it("fails without the provider's own words for it", async () => {
    const flow = await said(form, ["They"]);
    flow.provider.send(form.error);
    flow.provider.end();
    await flow.clock.idle();
    await flow.clock.advance(700);
    await flow.giveVerdict(true);
    expect(flow.ending()).toEqual(failedWith("provider_error"));
    expect(flow.shown()).toBe("They");
    expect(flow.caller.text()).not.toContain("acme");
  });

  it("whose caller leaves while a window is judged is cancelled at once, and nothing more is sent", async () => {
    const flow = await said(form, ["Rivers rise. "]);
    const before = flow.caller.text();
    flow.disconnect.markLeft();
    await flow.clock.advance(LAST_READ_MS);
    expect(flow.ending()).toEqual({ kind: "left" });
    expect(flow.provider.isCancelled()).toBe(true);
    expect(flow.caller.text()).toBe(before);
  });

  it("that is past its time while a window is judged fails, and what was not judged is not sent", async () => {
    const flow = await said(form, ["Rivers rise. "], { deadlines: { total_ms: 5000 } });
    await flow.clock.advance(5000 + LAST_READ_MS);
    expect(flow.ending()).toEqual(failedWith("provider_timeout"));
    expect(flow.provider.isCancelled()).toBe(true);
    expect(flow.caller.text()).not.toContain("Rivers");
  });
});

describe("an answer that is judged", () => {
  it("sends events without text at once", async () => {
    const flow = await said(chat, []);
    expect(flow.caller.text()).toBe(chat.begin.join(""));
    expect(flow.moderated).toEqual([]);
  });

  it("keeps events behind the text before them", async () => {
    const flow = await said(chat, ["They"]);
    flow.provider.send(finishChunk(), usageChunk(3, 4), DONE);
    await flow.clock.idle();
    expect(flow.caller.text()).toBe(chat.begin.join(""));
    await flow.giveVerdict(true);
    expect(flow.caller.text()).toBe(chat.passed(["They"]));
  });

  it("includes tool names and arguments, which are sent when the call is complete", async () => {
    const flow = await said(slim, []);
    flow.provider.send(toolChunk('{"to":"Ada', "send"), toolChunk('"}'), finishChunk("tool_calls"), DONE);
    await flow.clock.idle();
    expect([flow.moderated, flow.caller.text()]).toEqual([['send{"to":"Ada"}'], ""]);
    await flow.giveVerdict(true);
    expect(flow.caller.text()).toContain('event:tool\ndata:{"id":"call_1","name":"send"');
  });

  it("is not sent at all in a refused tool's arguments", async () => {
    const flow = await said(slim, []);
    flow.provider.send(toolChunk('{"to":"Ada"}', "send"), finishChunk("tool_calls"), DONE);
    await flow.clock.idle();
    await flow.giveVerdict(false);
    expect(flow.caller.text()).not.toContain("Ada");
  });

  it("that turns into something else has failed, after what stood before it", async () => {
    const flow = await said(slim, ["They"]);
    flow.provider.send(sse("<html>Bad gateway</html>"));
    await flow.clock.idle();
    await flow.giveVerdict(true);
    expect(flow.ending()).toEqual(failedWith("provider_error"));
    expect(flow.shown()).toBe("They");
  });

  it("whose window is refused and whose provider has failed is blocked", async () => {
    const flow = await said(slim, ["They"]);
    flow.provider.send(errorFrame("It broke."));
    await flow.clock.idle();
    await flow.giveVerdict(false);
    expect(flow.ending()).toMatchObject({ kind: "blocked" });
  });
});
