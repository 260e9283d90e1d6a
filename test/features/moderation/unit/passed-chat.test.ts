// uses: slim-chat, chat-completions
// Moderated streams of Chat Completions: events are passed through unchanged, and a block ends with content_filter.

import { describe, expect, it } from "vitest";
import { passEvents } from "../../../../src/features/chat-completions/codec.ts";
import { LAST_READ_MS } from "../../../core/support/answer-flow.ts";
import { chunk, DONE, finishChunk, sse } from "../../../support/chat-chunks.ts";
import { readEvents } from "../../../support/events.ts";
import { createGatedFlow, startedFlow } from "../support/gated-flow.ts";
import type { GatedForm } from "../support/gated-forms.ts";
import { CHAT } from "../support/gated-forms.ts";
import { checkSplits } from "../support/gated-splits.ts";

interface Chunk {
  choices?: { delta?: { content?: string }; finish_reason?: string | null }[];
}

const choicesOf = (sent: string) =>
  readEvents(sent).flatMap(({ data }) => (data === "[DONE]" ? [] : ((JSON.parse(data) as Chunk).choices ?? [])));

const formOf = (keepUsage: boolean): GatedForm => ({
  ...CHAT,
  events: passEvents({ keepUsage }),
  shown: (sent) =>
    choicesOf(sent)
      .map(({ delta }) => delta?.content ?? "")
      .join(""),
  isBlocked: (sent) =>
    choicesOf(sent)
      .flatMap(({ finish_reason: finish }) => finish ?? [])
      .join() === "content_filter" && sent.endsWith(DONE),
  passed: (texts) => [...CHAT.begin, ...CHAT.say(texts), ...(keepUsage ? CHAT.end : [finishChunk(), DONE])].join(""),
});

it.each([true, false])("an allowed stream is unchanged, and a blocked one ends there (usage: %s)", (keepUsage) =>
  checkSplits(formOf(keepUsage)),
);

describe("a moderated stream of Chat Completions", () => {
  it("sends events without text at once, and unknown fields after their verdict", async () => {
    const event = chunk({ reasoning_content: "They fall. " });
    const flow = await startedFlow(formOf(true), [], [event, finishChunk(), DONE]);
    expect(flow.caller.text()).toBe(CHAT.begin.join(""));
    await flow.giveVerdict(true);
    expect(flow.caller.text()).toBe([...CHAT.begin, event, finishChunk(), DONE].join(""));
  });

  it("has the ids of the first chunk in a block, also when that chunk was never sent", async () => {
    const flow = createGatedFlow(formOf(false));
    const ids = { id: "chat-1", created: 7, model: "m" };
    flow.provider.send(sse({ ...ids, choices: [{ index: 0, delta: { role: "assistant", content: "They kill. " } }] }));
    await flow.begin();
    flow.provider.send(chunk({ content: "And more" }));
    await flow.clock.idle();
    await flow.giveVerdict(false);
    await flow.clock.advance(LAST_READ_MS);
    const [block, done, ...more] = readEvents(flow.caller.text());
    const choices = [{ index: 0, delta: {}, finish_reason: "content_filter" }];
    expect(JSON.parse(block?.data ?? "")).toEqual({ ...ids, object: "chat.completion.chunk", choices });
    expect([done?.data, more]).toEqual(["[DONE]", []]);
  });
});
