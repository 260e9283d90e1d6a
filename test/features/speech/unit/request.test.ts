// A speech request: its schema, its bound, and the body for the provider.

import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { ModelCard } from "../../../../src/core/catalog/card.ts";
import type { Model } from "../../../../src/core/catalog/resolve.ts";
import type { Catalog } from "../../../../src/core/catalog/schema.ts";
import { requireSupport } from "../../../../src/core/catalog/support.ts";
import { validate } from "../../../../src/core/http/json-body.ts";
import { toBound } from "../../../../src/core/quota/bound.ts";
import { passSpeech } from "../../../../src/features/speech/exchange.ts";
import { SpeechRequest } from "../../../../src/features/speech/request.ts";

const modelOf = (facts: object): Model => {
  const card = v.parse(ModelCard, {
    provider: "house",
    name: "Voice",
    modalities: { input: ["text"], output: ["audio"] },
    endpoints: ["speech_generation"],
    snapshots: { "voice-1": {} },
    ...facts,
  });
  return { requestedName: "voice", snapshot: "voice-1", id: "voice", card, fixed: {} } as Model;
};
const CATALOG = { providers: {}, aliases: {}, cards: {} } as Catalog;
const CHARACTERS = modelOf({ prices: { million_characters: 15 }, max_characters: 4096 });
const TOKENS = modelOf({
  prices: { input: 0.6, output: 12 },
  max_input_tokens: 2000,
  audio_tokens_per_second: 20,
  speech_tokens_per_character: 5,
});

const exchangeOf = (request: object, model = TOKENS) =>
  passSpeech(validate(SpeechRequest, { model: "voice", voice: "alloy", input: "A low wall.", ...request })).prepare(
    model,
    CATALOG,
  );
const sentFor = (request: object, model = TOKENS) =>
  JSON.parse(exchangeOf(request, model).ask.write({ maxOutputTokens: 0 }).body as string) as object;
const boundOf = (request: object, model = TOKENS) =>
  toBound(exchangeOf(request, model).ask.demand, model.card, { max_output_tokens: 2000 }, 256);

describe("a request", () => {
  it("is sent as it is to a model priced by characters", () => {
    const request = { input: "Low.", response_format: "opus", speed: 1.5 };
    expect(sentFor(request, CHARACTERS)).toEqual({ ...request, model: "voice-1", voice: "alloy" });
    expect(sentFor({ stream_format: "audio" }, CHARACTERS)).not.toHaveProperty("stream_format");
  });

  it.each([undefined, "audio", "sse"])("asks a model priced by tokens for events (%s)", (streamFormat) => {
    const { reply } = exchangeOf({ stream_format: streamFormat, response_format: "wav" });
    expect(sentFor({ stream_format: streamFormat })).toMatchObject({ model: "voice-1", stream_format: "sse" });
    expect(reply).toMatchObject({ kind: "bytes", readsEvents: true });
    expect("contentType" in reply).toBe(streamFormat !== "sse");
  });

  it("is moderated with its instructions", () => {
    expect(exchangeOf({ instructions: "Whisper." }).ask.subject).toEqual({ text: "Whisper.\nA low wall.", images: [] });
  });

  it("of 4,096 characters of any length is taken", () => {
    expect(boundOf({ input: "😀".repeat(4096) }, CHARACTERS).inputNanoUsd).toBe(4096 * 15_000);
  });

  it.each([
    [{ input: "" }, "input", "must not be empty"],
    [{ input: "x".repeat(4097) }, "input", "at most 4096 characters: send longer texts in parts"],
    [{ input: "x".repeat(1_000_000) }, "input", "at most 4096 characters"],
    [{ input: ["a"] }, "input", "must be a text"],
    [{ voice: { id: "voice_1" } }, "voice", "must be the name of a built-in voice, such as 'alloy'"],
    [{ voice: undefined }, "voice", "is required"],
    [{ voice: "" }, "voice", "must not be empty"],
    [{ instructions: "x".repeat(4097) }, "instructions", "at most 4096 characters"],
    [{ response_format: "ogg" }, "response_format", "must be one of: 'mp3', 'opus'"],
    [{ speed: 0.2 }, "speed", "must be at least 0.25"],
    [{ speed: 4.5 }, "speed", "must be at most 4"],
    [{ stream_format: "bytes" }, "stream_format", "must be one of: 'audio', 'sse'"],
    [{ language: "en" }, "language", "Leave it out"],
  ])("like %j is refused", (request, param, words) => {
    const refused = expect.objectContaining({
      status: 400,
      body: expect.objectContaining({ param, message: expect.stringContaining(words) }),
    });
    expect(() => exchangeOf(request)).toThrow(refused);
  });
});

describe("an alias with instructions", () => {
  const fixed = { instructions: "Speak like a river." };

  it("has them before those of its caller, and in the bound", () => {
    const model = { ...TOKENS, fixed };
    expect(sentFor({}, model)).toMatchObject(fixed);
    const request = { instructions: "Whisper." };
    expect(sentFor(request, model)).toMatchObject({ instructions: "Speak like a river.\n\nWhisper." });
    expect(boundOf(request, model).input).toBe("A low wall.Speak like a river.\n\nWhisper.".length + 16);
    expect(exchangeOf(request, model).ask.subject?.text).toBe("Whisper.\nA low wall.");
  });

  it("is refused when its model takes none", () => {
    const model = { ...modelOf({ refuses: { speech_generation: ["instructions"] } }), fixed };
    expect(exchangeOf({}, model).ask.refusal?.body).toMatchObject({ code: "unsupported_value", param: "model" });
  });
});

describe("a card", () => {
  it.each([
    [{ prices: { input: 1, output: 2 } }, "speech_tokens_per_character' or 'prices.million_characters"],
    [{ prices: { million_characters: 15, output: 2 } }, "speech_tokens_per_character' or 'prices.million_characters"],
    [{ prices: { input: 1, output: 2 }, speech_tokens_per_character: 5 }, "audio_tokens_per_second"],
  ])("like %j does not bound speech, so its model is not offered", (facts, missing) => {
    const model = modelOf(facts);
    const { needs } = exchangeOf({}, model).ask;
    expect(() => requireSupport(CATALOG, model, needs, 0)).toThrow(
      expect.objectContaining({
        body: expect.objectContaining({
          code: "unsupported_value",
          param: "model",
          message: expect.stringContaining(`does not support speech, because its card has no '${missing}'`),
        }),
      }),
    );
  });

  it("without prices is free, and needs no facts", () => {
    expect(boundOf({}, modelOf({}))).toMatchObject({ inputNanoUsd: 0, output: 0 });
  });

  it("can have a limit of characters below 4,096", () => {
    const { refusal } = exchangeOf({ input: "A low wall." }, modelOf({ max_characters: 10 })).ask;
    expect(refusal?.body).toMatchObject({
      code: "invalid_request",
      message: "'input' must have at most 10 characters for the model 'voice'. Send it in parts.",
    });
  });
});

describe("the bound", () => {
  const TEMPLATE = 16;

  it("of characters is their price, without output", () => {
    expect(boundOf({ input: "öö" }, CHARACTERS)).toMatchObject({ output: 0, inputNanoUsd: 2 * 15_000 });
  });

  it.each([
    ["bytes of input and instructions", { input: "Low.", instructions: "ö" }, 6 + TEMPLATE],
    ["at most the card's input tokens", { input: "x".repeat(4096) }, 2000],
  ])("of the input is the %s", (_, request, input) => {
    expect(boundOf(request).input).toBe(input);
  });

  it.each([
    ["short texts have silence around them", { input: "a" }, 100 + 5],
    ["letters have five tokens each", { input: "low wall" }, 100 + 8 * 5],
    ["digits, capitals and pauses count three times", { input: "12, OK" }, 100 + (6 + 2 * 5) * 5],
    ["characters count by their bytes", { input: "水流" }, 100 + 6 * 5],
    ["slow speech lasts longer", { input: "a", speed: 0.25 }, 4 * (100 + 5)],
    ["fast speech is not cheaper", { input: "a", speed: 4 }, 100 + 5],
  ])("of the output: %s", (_, request, output) => {
    // All of it is granted, whatever the plan's limit of output tokens.
    expect(boundOf(request)).toMatchObject({ output, minOutput: output, outputNanoUsd: 12_000 });
  });
});
