// Chat Completions streams passed through: unchanged, except usage that nobody requested and the provider's errors.

import { describe, expect, it } from "vitest";
import { apiError } from "../../../../src/core/errors.ts";
import type { Codec } from "../../../../src/core/relay/codec.ts";
import { createDecodingCodec } from "../../../../src/core/relay/event-codec.ts";
import { chatDialect } from "../../../../src/dialects/chat-completions/decode.ts";
import { createPassCodec, passEvents } from "../../../../src/features/chat-completions/codec.ts";
import { recordedChat } from "../../../dialects/support/responses-events.ts";
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
import { outputOf } from "../../../support/codec-output.ts";
import { singleBytes } from "../../../support/stream-cuts.ts";

const filtering = () => createPassCodec(chatDialect, { keepUsage: false });
const decoding = (keepUsage: boolean) => createDecodingCodec(chatDialect, passEvents({ keepUsage }));
const { body: ERROR } = apiError("provider_error", 'It said "no"\n\nand left.');
const FRAME = `data: ${JSON.stringify({ error: ERROR })}\n\n`;

const run = (codec: Codec, pieces: Iterable<Uint8Array>) => fromUtf8(outputOf(codec, pieces));
const passed = (...events: string[]) => run(filtering(), [toUtf8(events.join(""))]);

const isUsageOnly = (event: string) => event.includes('"choices":[]');
const isError = (event: string) => event.includes('"error":');

describe.each(["text", "tools", "refusal", "error", "multibyte"])("the recording %s", (name) => {
  const events = recordedChat(name);
  const bytes = toUtf8(events.join(""));
  const withUsage = events.filter((event) => !isError(event));
  const withoutUsage = withUsage.filter((event) => !isUsageOnly(event));

  it.each<[string, () => Codec, string[]]>([
    ["is unchanged with usage", () => createPassCodec(chatDialect, { keepUsage: true }), withUsage],
    ["is filtered without usage", filtering, withoutUsage],
    ["is unchanged when it is moderated with usage", () => decoding(true), withUsage],
    ["is filtered when it is moderated without usage", () => decoding(false), withoutUsage],
  ])("%s, in one piece and byte by byte", (_what, create, output) => {
    for (const pieces of [[bytes], singleBytes(bytes)]) {
      const codec = create();
      expect(run(codec, pieces)).toBe(output.join(""));
      expect(codec.progress.ended).toBe(true);
      if (name === "error") expect(codec.progress.error?.message).toContain("Sorry about that!");
      else expect(codec.progress.usage?.output).toBeGreaterThan(0);
    }
  });
});

it.each([
  ["a role", { role: "assistant", content: "" }],
  ["an unknown field", { reasoning_content: "Let me think" }],
  ["no delta", {}],
])("an event with usage and a choice with %s is passed through", (_what, delta) => {
  const choices = [{ index: 0, delta, finish_reason: null }];
  const event = sse({ choices, usage: { prompt_tokens: 1, completion_tokens: 1 } });
  expect(passed(event)).toBe(event);
});

it("an unknown event is passed through unchanged", () => {
  const event = `event: note\nid: 7\n${sse({ object: "something.new", fields: [1, 2] })}`;
  expect(passed(event)).toBe(event);
});

it("an event is sent once, when it is complete", () => {
  const codec = filtering();
  codec.push(toUtf8(textChunk("Hel") + textChunk("lo").slice(0, 20)));
  expect(fromUtf8(codec.take())).toBe(textChunk("Hel"));
  expect(codec.take()).toHaveLength(0);
  codec.push(toUtf8(textChunk("lo").slice(20)));
  expect(fromUtf8(codec.take())).toBe(textChunk("lo"));
});

describe("the last event without a blank line", () => {
  it("is passed through, completed, when usage is filtered", () => {
    const text = textChunk("Hel") + finishChunk();
    expect(run(filtering(), [toUtf8(text.trimEnd())])).toBe(text);
    expect(run(filtering(), [toUtf8(text + usageChunk(1, 2).trimEnd())])).toBe(text);
    expect(run(filtering(), [toUtf8(text.replaceAll("\n", "\r\n").trimEnd())])).toContain('"finish_reason":"stop"');
  });

  it("is not passed through when it is cut inside its JSON", () => {
    expect(run(filtering(), [toUtf8(textChunk("Hel") + finishChunk().slice(0, 40))])).toBe(textChunk("Hel"));
  });

  it.each([true, false])("has the finish reason and the usage (kept: %s)", (keepUsage) => {
    for (const [last, progress] of [
      [finishChunk(), { finish: "stop" }],
      [finishChunk() + usageChunk(12, 30), { finish: "stop", usage: { input: 12, output: 30 } }],
    ] as const) {
      const codec = createPassCodec(chatDialect, { keepUsage });
      run(codec, [textChunk("Hel"), last.trimEnd()].map(toUtf8));
      expect(codec.progress).toMatchObject({ heard: true, ended: false, ...progress });
    }
  });
});

it.each(["data:\n\n", "event: ping\n\n", "event: ping\ndata:\n\n", "event:ping\nid: 1\n\n"])(
  "an event without data says nothing, in every way to pass a stream: %j",
  (empty) => {
    const kept = [": ping\n\n", textChunk("Hel"), textChunk("\n\ndata:\n\nevent: a\n\n"), finishChunk(), DONE];
    const bytes = toUtf8(empty + kept.join(empty));
    for (const codec of [filtering(), createPassCodec(chatDialect, { keepUsage: true }), decoding(false)]) {
      expect(run(codec, singleBytes(bytes))).toBe(kept.join(""));
      expect(codec.progress).toMatchObject({ finish: "stop", ended: true });
    }
  },
);

describe("an invalid event", () => {
  it("throws when it is the first", () => {
    expect(() => filtering().push(toUtf8(sse("<html>Bad gateway</html>")))).toThrow();
  });

  it.each(["<html>", '{"error": Bad gateway', '{"usage":{', "[DONE] and then some"])(
    "is passed through later, and throws only at the end: %j",
    (invalid) => {
      const text = textChunk("lo") + sse(invalid) + textChunk("!") + finishChunk();
      for (const pieces of [[text + usageChunk(12, 30) + DONE], [text, usageChunk(12, 30), DONE]]) {
        const codec = filtering();
        codec.push(toUtf8(textChunk("Hel")));
        for (const piece of pieces) codec.push(toUtf8(piece));
        expect(fromUtf8(codec.take())).toBe(textChunk("Hel") + text + DONE);
        expect(() => codec.finish()).toThrow();
        expect(codec.progress).toMatchObject({ usage: { input: 12, output: 30 }, ended: true });
        expect(codec.progress.error).toBeUndefined();
      }
    },
  );
});

const last = (bytes: Uint8Array | undefined) => fromUtf8(bytes ?? toUtf8("none"));

describe("the closing events", () => {
  it("of a failure are an error", () => {
    expect(last(filtering().fail(ERROR))).toBe(FRAME);
    expect(last(decoding(true).fail(ERROR))).toBe(FRAME);
  });

  it.each([errorFrame("Your account org-1 is out of money."), sse({ error: "org-1 has stopped" })])(
    "replace %s",
    (frame) => {
      const codec = filtering();
      codec.push(toUtf8(textChunk("Hel") + frame));
      expect(fromUtf8(codec.take())).toBe(textChunk("Hel"));
      expect(codec.progress.error?.message).toContain("org-1");
    },
  );

  it.each([
    ["a finish reason that is an error", finishChunk("error")],
    ["an error", errorFrame("Sorry")],
    ["an error without an envelope", sse({ object: "error", message: "Sorry", type: "x", param: null, code: 400 })],
    ["an event named error", `event: error\n${sse({ message: "Sorry" })}`],
  ])("of %s have no end mark before them, because clients stop there", (_what, failure) => {
    const bytes = [textChunk("Hel"), failure, usageChunk(12, 30), DONE].map(toUtf8);
    for (const create of [filtering, () => createPassCodec(chatDialect, { keepUsage: true }), () => decoding(true)]) {
      for (const pieces of [bytes, [Buffer.concat(bytes)]]) {
        const codec = create();
        const sent = run(codec, pieces);
        expect(codec.progress.error).toBeDefined();
        expect(sent).toContain(textChunk("Hel"));
        for (const wrong of ["[DONE]", "Sorry", "error"]) expect(sent).not.toContain(wrong);
      }
    }
  });

  it("of a blocked answer are the finish reason content_filter, its charge if requested, and the end mark", () => {
    const first = { id: "chat-1", created: 7, model: "m", choices: [] };
    const chunk = { id: "chat-1", object: "chat.completion.chunk", created: 7, model: "m" };
    const finish = sse({ ...chunk, choices: [{ index: 0, delta: {}, finish_reason: "content_filter" }] });
    const charged = { input: 12, cached: 4, output: 30, reasoning: 20 };
    const usage = {
      prompt_tokens: 12,
      completion_tokens: 30,
      total_tokens: 42,
      prompt_tokens_details: { cached_tokens: 4, audio_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 20, audio_tokens: 0 },
    };
    const blocked = (keepUsage: boolean) => last(decoding(keepUsage).block(ERROR, first, charged));
    expect(blocked(true)).toBe(finish + sse({ ...chunk, choices: [], usage }) + DONE);
    expect(blocked(false)).toBe(finish + DONE);
  });

  it("of a finished answer are empty", () => {
    for (const codec of [filtering(), decoding(true)]) {
      expect(codec.conclude({ left: {}, usd: 0 })).toHaveLength(0);
    }
  });
});
