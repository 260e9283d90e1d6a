// An OpenAI-compatible stream passed on: nothing added, and nothing left out but usage that nobody asked for.

import { describe, expect, it } from "vitest";
import { readChatEvent } from "../../../../src/dialects/chat-completions/decode.ts";
import { apiError } from "../../../../src/core/errors.ts";
import { createPassCodec } from "../../../../src/features/chat-completions/codec.ts";
import {
  DONE,
  errorFrame,
  finishChunk,
  fromUtf8,
  sse,
  textChunk,
  toUtf8,
  usageChunk,
} from "../../../support/chat-chunks.ts";

const codecOf = (keepUsage = false) => createPassCodec(readChatEvent, { keepUsage });

/** What a caller gets of a stream who did not ask for usage. */
function passed(...events: string[]): string {
  const codec = codecOf();
  codec.push(toUtf8(events.join("")));
  return fromUtf8(codec.take());
}

describe("an event", () => {
  it("with nothing but usage is left out, and still counts", () => {
    const codec = codecOf();
    codec.push(toUtf8(usageChunk(12, 30) + DONE));
    expect(fromUtf8(codec.take())).toBe(DONE);
    codec.finish();
    expect(codec.progress).toMatchObject({ usage: { input: 12, output: 30 }, ended: true });
  });

  it("of a stream whose caller asked for usage is only metered, since it passes natively", () => {
    const codec = codecOf(true);
    expect(codec.pace).toBe("native");
    codec.push(toUtf8(textChunk("Hello") + usageChunk(12, 30) + DONE));
    expect(codec.take()).toHaveLength(0);
    codec.finish();
    expect(codec.progress).toMatchObject({ outputBytes: 5, usage: { input: 12, output: 30 }, ended: true });
  });

  it.each([
    ["a role", { role: "assistant", content: "" }],
    ["what this dialect does not know", { reasoning_content: "Let me think" }],
    ["no delta at all", {}],
  ])("with a choice and usage is passed on, though the choice has %s", (_what, delta) => {
    const event = sse({
      choices: [{ index: 0, delta, finish_reason: null }],
      usage: { prompt_tokens: 1, completion_tokens: 1 },
    });
    expect(passed(event)).toBe(event);
  });

  it("that this dialect does not know is passed on as it came", () => {
    const event = `event: note\nid: 7\n${sse({ object: "something.new", fields: [1, 2] })}`;
    expect(passed(event)).toBe(event);
  });

  it("is sent once, and only when it is whole", () => {
    const codec = codecOf();
    codec.push(toUtf8(textChunk("Hel") + textChunk("lo").slice(0, 20)));
    expect(fromUtf8(codec.take())).toBe(textChunk("Hel"));
    expect(codec.take()).toHaveLength(0);
    codec.push(toUtf8(textChunk("lo").slice(20)));
    expect(fromUtf8(codec.take())).toBe(textChunk("lo"));
  });

  it("that is not JSON is refused", () => {
    expect(() => codecOf().push(toUtf8(sse("<html>Bad gateway</html>")))).toThrow();
  });
});

describe("the answer", () => {
  it("that failed ends in an error frame that clients can parse", () => {
    const codec = codecOf();
    codec.push(toUtf8(textChunk("Hel")));
    const { body } = apiError("provider_timeout", 'It said "no"\n\nand left.');
    const frame = fromUtf8(codec.fail(body));
    expect(readChatEvent(/^data: (.+)\n\n$/.exec(frame)?.[1] ?? "")).toEqual([
      { kind: "error", error: body },
      { kind: "end" },
    ]);
  });

  it("that passed natively ends in an error frame of its own, though it was cut in the middle of an event", () => {
    const { body } = apiError("provider_error", "It broke.");
    expect(fromUtf8(codecOf(true).fail(body))).toBe(`\n\ndata: ${JSON.stringify({ error: body })}\n\n`);
  });

  it("that the provider itself failed ends in our error frame in place of the provider's", () => {
    const codec = codecOf();
    codec.push(toUtf8(textChunk("Hel") + errorFrame("Your account org-1 is out of money.")));
    expect(fromUtf8(codec.take())).toBe(textChunk("Hel"));
    expect(codec.progress.error?.message).toContain("org-1");
    const { body } = apiError("provider_error", "It broke.");
    expect(fromUtf8(codec.fail(body))).toBe(`data: ${JSON.stringify({ error: body })}\n\n`);
  });

  it("is passed on even where it is not JSON, which is told at its end, in whatever pieces it came", () => {
    for (const pieces of [[textChunk("lo"), sse("<html>") + DONE], [textChunk("lo") + sse("<html>") + DONE]]) {
      const codec = codecOf();
      codec.push(toUtf8(textChunk("Hel")));
      for (const piece of pieces) codec.push(toUtf8(piece));
      expect(fromUtf8(codec.take())).toBe(textChunk("Hel") + textChunk("lo") + sse("<html>") + DONE);
      expect(() => codec.finish()).toThrow();
    }
  });

  it("loses nothing beside an event that looks like an error or usage and cannot be read", () => {
    for (const unreadable of ['{"error": Bad gateway', '{"usage":{', "[DONE] and then some"]) {
      const said = textChunk("lo") + sse(unreadable) + textChunk("!") + finishChunk();
      for (const pieces of [[said + usageChunk(12, 30) + DONE], [said, usageChunk(12, 30), DONE]]) {
        const codec = codecOf();
        codec.push(toUtf8(textChunk("Hel")));
        for (const piece of pieces) codec.push(toUtf8(piece));
        expect(fromUtf8(codec.take())).toBe(textChunk("Hel") + said + DONE);
        expect(() => codec.finish()).toThrow();
        expect(codec.progress).toMatchObject({ usage: { input: 12, output: 30 }, ended: true });
        expect(codec.progress.error).toBeUndefined();
      }
    }
  });
});
