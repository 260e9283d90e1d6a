// uses: slim-chat
// The moderated stream: the caller receives only allowed text, in order, and every ending is reported.

import { describe, expect, it } from "vitest";
import { LAST_READ_MS } from "../../../core/support/answer-flow.ts";
import { chunk, DONE, errorFrame, finishChunk, sse } from "../../../support/chat-chunks.ts";
import { startedFlow } from "../support/gated-flow.ts";
import { SLIM_FORMS, SLIM_OVER_CHAT, toEvent } from "../support/gated-forms.ts";
import { checkSplits } from "../support/gated-splits.ts";

const USAGE = { input: 3, output: 4 };
const failedWith = (code: string) => ({ kind: "failed", error: { body: { code } } });

describe.each(SLIM_FORMS)("a moderated stream over %s", (_name, form) => {
  it("sends the allowed text before a block for any pace, split and verdicts", () => checkSplits(form));

  it("sends each sentence after its verdict", async () => {
    const flow = await startedFlow(form, ["Rivers ", "rise. ", "They"]);
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

  it("finishes after the last verdict, with the usage", async () => {
    const flow = await startedFlow(form, ["Rivers rise. ", "They fall."], form.end);
    await flow.giveVerdict(true);
    expect(flow.ending()).toBeUndefined();
    await flow.giveVerdict(true);
    expect(flow.ending()).toEqual({ kind: "finished" });
    expect(flow.shown()).toBe("Rivers rise. They fall.");
    expect(flow.usage()).toMatchObject(USAGE);
    expect(flow.provider.isCancelled()).toBe(true);
  });

  it("finishes after an event without its blank line, whose text is moderated", async () => {
    const flow = await startedFlow(form, ["Rivers rise. "]);
    await flow.giveVerdict(true);
    const last = [...form.say(["They fall."]), ...form.end.filter((event) => event !== DONE)];
    flow.provider.send(last.join("").trimEnd());
    flow.provider.end();
    await flow.clock.idle();
    expect(flow.ending()).toBeUndefined();
    await flow.giveVerdict(true);
    expect(flow.ending()).toEqual({ kind: "finished" });
    expect([flow.shown(), flow.usage()]).toMatchObject(["Rivers rise. They fall.", USAGE]);
  });

  it("ends with a block after the allowed text, and cancels the provider", async () => {
    const flow = await startedFlow(form, ["Rivers rise. "]);
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

  it("that is blocked leaves no timer for a caller who always reads, who gets the error however late", async () => {
    const flow = await startedFlow(form, ["Rivers rise. "], [], { readsAlways: true });
    flow.caller.stopReading();
    await flow.giveVerdict(true);
    flow.provider.send(...form.say(["They kill. "]));
    await flow.clock.idle();
    flow.caller.readOn();
    await flow.clock.idle();
    flow.caller.stopReading();
    await flow.giveVerdict(false);
    await flow.clock.advance(LAST_READ_MS);
    expect(flow.clock.pending).toBe(0);
    await flow.clock.advance(60_000);
    flow.caller.readOn();
    await flow.clock.idle();
    expect([flow.shown(), form.isBlocked(flow.caller.text())]).toEqual(["Rivers rise. ", true]);
  });

  it("is blocked when the verdict arrives after the whole answer", async () => {
    const flow = await startedFlow(form, ["They kill. "], form.end);
    flow.provider.end();
    await flow.clock.advance(5000);
    await flow.giveVerdict(false);
    expect(flow.ending()).toMatchObject({ kind: "blocked" });
    expect(flow.shown()).toBe("");
    expect(form.isBlocked(flow.caller.text())).toBe(true);
  });

  it("that is cancelled while a window waits for its verdict ends at once, and shows what was allowed before", async () => {
    const flow = await startedFlow(form, ["Rivers rise. "]);
    await flow.giveVerdict(true);
    flow.provider.send(...form.say(["They kill. ", "Half a sen"]), ...form.end);
    await flow.clock.idle();
    expect(flow.moderated.at(-1)).toContain("They kill. ");
    await flow.cancel();
    expect([flow.ending(), flow.usage()]).toMatchObject([{ kind: "cancelled" }, USAGE]);
    // A verdict that comes too late releases nothing.
    await flow.giveVerdict(true);
    expect(flow.shown()).toBe("Rivers rise. ");
    expect(flow.caller.text()).toMatch(/^data:"Rivers rise. "\n\nevent:done\ndata:\{"finish":"cancelled"[^\n]+\n\n$/);
    expect([flow.provider.isCancelled(), flow.clock.pending]).toEqual([true, 0]);
  });

  it("sends the text before a broken connection, and then fails", async () => {
    const flow = await startedFlow(form, ["Rivers rise. ", "They"]);
    flow.provider.breakOff();
    await flow.clock.idle();
    await flow.giveVerdict(true);
    expect(flow.ending()).toBeUndefined();
    await flow.giveVerdict(true);
    expect(flow.ending()).toMatchObject(failedWith("provider_error"));
    expect(flow.shown()).toBe("Rivers rise. They");
  });

  it("fails without the provider's own message", async () => {
    const flow = await startedFlow(form, ["They"], [form.error]);
    flow.provider.end();
    await flow.clock.advance(700);
    await flow.giveVerdict(true);
    expect(flow.ending()).toMatchObject(failedWith("provider_error"));
    expect(flow.shown()).toBe("They");
    expect(flow.caller.text()).not.toContain("acme");
  });
});

describe("a moderated stream", () => {
  it("holds an event until the text before it is allowed", async () => {
    const flow = await startedFlow(SLIM_OVER_CHAT, ["They"], [chunk({ role: "assistant" })]);
    flow.provider.send(finishChunk());
    await flow.clock.idle();
    // A finish reason completes the text, although the stream is still open.
    expect(flow.moderated).toEqual(["They"]);
    expect(flow.codec.heldChars).toBeGreaterThan(0);
    await flow.giveVerdict(true);
    expect([flow.codec.heldChars, flow.shown(), flow.ending()]).toEqual([0, "They", undefined]);
  });

  it.each([
    [true, /^event:tool\ndata:\{"id":"call_1","name":"send","arguments":"\{\\"to\\":\\"Ada\\"\}"\}\n\nevent:done/],
    [false, /^event:failed\n(?!.*(send|Ada))/],
  ])("moderates the name and the arguments of a tool call (allowed: %s)", async (isAllowed, sent) => {
    const call = { index: 0, id: "call_1", function: { name: "send", arguments: '{"to":"Ada' } };
    const rest = chunk({ tool_calls: [{ index: 0, function: { arguments: '"}' } }] });
    const events = [chunk({ tool_calls: [call] }), rest, finishChunk("tool_calls"), DONE];
    const flow = await startedFlow(SLIM_OVER_CHAT, [], events, { settings: { max_chars: 14 } });
    expect(flow.moderated).toEqual(['send{"to":"Ada']);
    await flow.giveVerdict(true);
    // The call is sent when its last fragment is allowed.
    expect([flow.moderated.at(-1), flow.caller.text()]).toEqual(['send{"to":"Ada"}', ""]);
    await flow.giveVerdict(isAllowed);
    await flow.clock.advance(LAST_READ_MS);
    expect(flow.caller.text()).toMatch(sent);
  });

  it("fails at an event that is not valid, after the text before it", async () => {
    const flow = await startedFlow(SLIM_OVER_CHAT, ["They"], [sse("<html>Bad gateway</html>")]);
    await flow.giveVerdict(true);
    expect(flow.ending()).toMatchObject(failedWith("provider_error"));
    expect(flow.shown()).toBe("They");
  });

  it("fails when the connection breaks after the finish reason and before the end mark", async () => {
    const flow = await startedFlow(SLIM_OVER_CHAT, ["They"], [finishChunk()]);
    flow.provider.breakOff();
    await flow.clock.idle();
    await flow.giveVerdict(true);
    expect(flow.ending()).toMatchObject(failedWith("provider_error"));
  });

  it("is blocked when the provider fails during a verdict that blocks", async () => {
    const flow = await startedFlow(SLIM_OVER_CHAT, ["They"], [errorFrame("It broke.")]);
    await flow.giveVerdict(false);
    expect(flow.ending()).toMatchObject({ kind: "blocked" });
  });

  it("fails when the judge throws, without its message, and sends no unmoderated text", async () => {
    const flow = await startedFlow(SLIM_OVER_CHAT, ["Rivers rise. "]);
    await flow.failModeration();
    await flow.clock.advance(LAST_READ_MS);
    expect(flow.ending()).toMatchObject(failedWith("internal_error"));
    expect(flow.caller.text()).not.toMatch(/secret|Rivers/);
  });
});

const PIECES = ["I'm", " sorry,", " I can't", " help."];
const [[, OVER_CHAT], [, OVER_RESPONSES]] = SLIM_FORMS as [(typeof SLIM_FORMS)[0], (typeof SLIM_FORMS)[0]];

describe("a refusal in several events", () => {
  it.each([
    ["Chat Completions", OVER_CHAT, PIECES.map((refusal) => chunk({ refusal }))],
    ["Responses", OVER_RESPONSES, PIECES.map((delta) => toEvent("response.refusal.delta", { output_index: 0, delta }))],
  ])("is moderated as a whole sentence over %s", async (_name, form, pieces) => {
    const flow = await startedFlow(form, []);
    for (const piece of pieces) {
      flow.provider.send(piece);
      await flow.clock.idle();
    }
    expect(flow.moderated).toEqual([]);
    flow.provider.send(...form.end);
    await flow.clock.idle();
    expect(flow.moderated).toEqual(["I'm sorry, I can't help."]);
    await flow.giveVerdict(true);
    expect(flow.ending()).toEqual({ kind: "finished" });
    expect(flow.codec.progress.finish).toBe("refusal");
    expect(flow.shown()).toBe("I'm sorry, I can't help.");
  });
});

const choice = (fields: object) => sse({ choices: [{ index: 0, ...fields, finish_reason: null }] });
const delta = (value: unknown) => toEvent("response.something_new.delta", { output_index: 0, delta: value });

const KILLING = { type: "function_call", call_id: "call_1", name: "They ", arguments: "kill. " };

describe("text in an unknown field or event", () => {
  it.each([
    ["a field of a delta", OVER_CHAT, chunk({ reasoning_content: "They kill. " })],
    ["a nested field", OVER_CHAT, chunk({ audio: { transcript: ["They kill. "] } })],
    ["content in parts", OVER_CHAT, chunk({ annotations: [{ type: "text", text: "They kill. " }] })],
    ["a message in a stream", OVER_CHAT, choice({ message: { content: "They kill. " } })],
    ["the name of a tool", OVER_CHAT, chunk({ tool_calls: [{ index: 0, function: { name: "They kill. " } }] })],
    ["a delta of a new event", OVER_RESPONSES, delta("They kill. ")],
    ["a delta that is an object", OVER_RESPONSES, delta({ text: "They kill. " })],
    ["a finished part without deltas", OVER_RESPONSES, toEvent("response.output_text.done", { text: "They kill. " })],
    ["a finished item without deltas", OVER_RESPONSES, toEvent("response.output_item.done", { item: KILLING })],
  ])("is moderated before any later event is sent: %s", async (_where, form, event) => {
    const flow = await startedFlow(form, [], [event, ...form.say(["They fall."])]);
    expect([flow.moderated, flow.caller.text()]).toEqual([["They kill. "], ""]);
    await flow.giveVerdict(false);
    await flow.clock.advance(LAST_READ_MS);
    expect(flow.ending()).toMatchObject({ kind: "blocked" });
    expect(flow.caller.text()).not.toMatch(/kill|fall/);
  });
});
