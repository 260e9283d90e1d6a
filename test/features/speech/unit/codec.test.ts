// The codec of speech: events in, audio or the same events out, and the tokens that were relayed.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ErrorBody } from "../../../../src/core/errors.ts";
import { createSpeechCodec } from "../../../../src/features/speech/codec.ts";
import { outputOf, pushAll } from "../../../support/codec-output.ts";
import { arbitraryCuts, cutAt, everyCutInTwo, singleBytes } from "../../../support/stream-cuts.ts";

const codecOf = (changes: Partial<Parameters<typeof createSpeechCodec>[0]> = {}) =>
  createSpeechCodec({ format: "pcm", speed: 1, tokensPerSecond: 20, isEventStream: false, ...changes });

const event = (json: object) => `data: ${JSON.stringify(json)}\n\n`;
const delta = (audio: string) => event({ type: "speech.audio.delta", audio });
const done = (usage?: object) => event({ type: "speech.audio.done", ...(usage && { usage }) });
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
const bytesOf = (text: string) => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);

const AUDIO = Uint8Array.from({ length: 100 }, (_, index) => (index * 37) % 256);
const USAGE = { input_tokens: 9, output_tokens: 42, total_tokens: 51 };
/** Each event has its own base64, with and without padding. A comment and a name do no harm. */
const STREAM = bytesOf(
  `: hello\n\n${delta(base64(AUDIO.subarray(0, 48)))}event: speech.audio.delta\n${delta(base64(AUDIO.subarray(48, 49)))}` +
    `${delta(base64(AUDIO.subarray(49)))}${done(USAGE)}data: [DONE]\n\n`,
);

describe("the audio of a stream", () => {
  it("is the same bytes, wherever the stream is cut", () => {
    for (const pieces of [[STREAM], singleBytes(STREAM), ...everyCutInTwo(STREAM)]) {
      const codec = codecOf();
      expect(outputOf(codec, pieces)).toEqual(Buffer.from(AUDIO));
      expect(codec.progress).toMatchObject({
        ended: true,
        finish: "stop",
        usage: { input: 9, output: 42, audio: { output: 42 } },
      });
    }
  });

  it("is the same bytes, wherever its base64 is cut", () => {
    // Without its padding, so that the last group is incomplete.
    const whole = base64(AUDIO).replace(/=+$/, "");
    fc.assert(
      fc.property(arbitraryCuts(bytesOf(whole)), (cuts) => {
        const deltas = cutAt(bytesOf(whole), cuts).map((piece) => delta(textOf(piece)));
        expect(outputOf(codecOf(), [bytesOf(deltas.join("") + done())])).toEqual(Buffer.from(AUDIO));
      }),
    );
  });

  it("is not valid when an event is no base64 or no JSON", () => {
    expect(() => codecOf().push(bytesOf(delta("§§§§")))).toThrow();
    expect(() => codecOf().push(bytesOf("data: audio\n\n"))).toThrow();
  });

  it("leaves before the event after it arrives", () => {
    const codec = codecOf();
    codec.push(bytesOf(delta(base64(AUDIO))));
    expect(codec.take()).toEqual(AUDIO);
    expect(codec.progress).toMatchObject({ heard: true, begun: true, ended: false });
  });
});

describe("the events of a stream", () => {
  it("pass unchanged, up to the last one", () => {
    const end = textOf(STREAM).indexOf("data: [DONE]");
    const codec = codecOf({ isEventStream: true });
    expect(textOf(outputOf(codec, singleBytes(STREAM)))).toBe(textOf(STREAM.subarray(0, end)));
    expect(codec.progress.usage).toMatchObject({ input: 9, output: 42 });
    expect(codec.conclude({ left: {}, usd: 0 })).toHaveLength(0);
  });

  it("end with one that says that the ceiling was reached", () => {
    const codec = codecOf({ isEventStream: true });
    codec.progress.overran = true;
    expect(textOf(codec.conclude({ left: {}, usd: 0 }))).toBe(
      event({ type: "speech.audio.done", incomplete_details: { reason: "max_output_tokens" } }),
    );
  });
});

describe("an error of the provider", () => {
  const ERROR = { message: "org-7 is overloaded", type: "server_error", param: null, code: "server_is_overloaded" };

  it.each([
    ["nested", { type: "error", error: ERROR }],
    ["flat", { ...ERROR, type: "error" }],
    ["without a type", { error: ERROR }],
  ])("that is %s ends the answer, and is not passed on", (_, json) => {
    const codec = codecOf({ isEventStream: true });
    expect(outputOf(codec, [bytesOf(event(json))])).toHaveLength(0);
    expect(codec.progress).toMatchObject({ ended: true, error: { code: "server_is_overloaded" } });
  });

  it("becomes an event for a caller of events, and cuts the connection of the others", () => {
    const error: ErrorBody = {
      message: "Please try again.",
      type: "server_error",
      param: null,
      code: "provider_error",
    };
    expect(textOf(codecOf({ isEventStream: true }).fail(error))).toBe(event({ type: "error", error }));
    expect(codecOf().fail(error)).toBeUndefined();
  });
});

describe("relayed tokens", () => {
  /** A second of pcm. */
  const SECOND = bytesOf(delta(base64(new Uint8Array(48_000))));

  it.each([
    [1, 20],
    [0.25, 20],
    [4, 80],
  ])("of a second at the speed %d are %i: the provider may count before it speeds up", (speed, tokens) => {
    const codec = codecOf({ speed });
    pushAll(codec, [SECOND]);
    expect(codec.progress.relayedTokens).toBe(tokens);
    expect(codec.isOverGrant(tokens)).toBe(false);
    expect(codec.isOverGrant(tokens - 1)).toBe(true);
  });
});
