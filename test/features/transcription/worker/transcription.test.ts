// POST /v1/audio/transcriptions and /translations in workerd: answers in each format, and refusals.

import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { errorOf, NOTHING } from "../../../support/caller.ts";
import { createDollarCatalog, toAlias } from "../../../support/catalog.ts";
import { emulate } from "../../../support/emulation.ts";
import { readEvents } from "../../../support/events.ts";
import { createUserOf } from "../../../support/providers.ts";
import { createUser, emulation, useCatalog } from "../../../support/workerd.ts";
import type { FormValue } from "../support/recordings.ts";
import {
  createForm,
  createRecordingForm,
  createWav,
  TRANSCRIPTIONS,
  TRANSLATIONS,
  WEBM,
} from "../support/recordings.ts";

const TEXT = "A weir is a low wall --> in a river";
const saying = emulate({ text: TEXT });
const PLAIN = "text/plain; charset=utf-8";

beforeAll(async () => {
  const catalog = createDollarCatalog();
  const { "gpt-4o-transcribe": token } = catalog.cards;
  if (!token) throw new Error("there is no card 'gpt-4o-transcribe'");
  const { audio_tokens_per_second: _, ...unbound } = token;
  const unbounded = { ...unbound, snapshots: { "emulated-unbounded": {} } };
  const cards = { ...catalog.cards, unbounded };
  const aliases = {
    ...catalog.aliases,
    dictation: toAlias("whisper-1"),
    instructed: toAlias("whisper-1", { instructions: "Be brief." }),
  };
  await useCatalog({ ...catalog, cards, aliases });
});
beforeEach(emulation.zero);

describe("an answer", () => {
  it.each<[string, Record<string, FormValue>, string, string]>([
    ["json", {}, "application/json", JSON.stringify({ text: TEXT, usage: { type: "duration", seconds: 10 } })],
    ["text", { response_format: "text" }, PLAIN, `${TEXT}\n`],
    [
      "srt",
      { response_format: "srt" },
      PLAIN,
      "1\n00:00:00,000 --> 00:00:10,000\nA weir is a low wall -> in a river\n\n",
    ],
    [
      "vtt",
      { response_format: "vtt" },
      PLAIN,
      "WEBVTT\n\n00:00:00.000 --> 00:00:10.000\nA weir is a low wall -> in a river\n\n",
    ],
  ])("has the format %s, made from one that reports the usage", async (_, fields, type, body) => {
    const user = await createUser();
    const response = await user.post(
      TRANSCRIPTIONS,
      createRecordingForm({ model: "dictation", prompt: saying, ...fields }),
    );
    expect([response.headers.get("content-type"), await response.text()]).toEqual([type, body]);
    expect(response.headers.get("weir-model")).toBe("whisper-1");
    expect((await emulation.stats()).last?.body).toEqual({
      model: "whisper-1",
      prompt: saying,
      response_format: "verbose_json",
      file: [{ name: "memo.wav", type: "audio/wav", size: 80_044 }],
    });
  });

  it("keeps the segments and words of verbose_json", async () => {
    const user = await createUser();
    const granularities = ["word", "segment"];
    const form = createRecordingForm({
      model: "whisper-1",
      response_format: "verbose_json",
      "timestamp_granularities[]": granularities,
    });
    const answer = await (await user.post(TRANSCRIPTIONS, form)).json<Record<string, unknown[]>>();
    expect(answer).toMatchObject({ task: "transcribe", language: "english", duration: 10 });
    expect([answer["words"]?.length, answer["segments"]?.length]).toEqual([30, 3]);
    expect((await emulation.stats()).last?.body).toMatchObject({ "timestamp_granularities[]": granularities });
  });

  it("keeps the log probabilities", async () => {
    const user = await createUser();
    const form = createRecordingForm({ model: "gpt-4o-transcribe", "include[]": ["logprobs"], prompt: saying });
    const answer = await (await user.post(TRANSCRIPTIONS, form)).json();
    expect(answer).toMatchObject({ text: TEXT, logprobs: expect.any(Array) as unknown, usage: { type: "tokens" } });
  });

  it("streams deltas, and then the whole text with its usage", async () => {
    const user = await createUser();
    const form = createRecordingForm({ model: "gpt-4o-mini-transcribe", stream: "True", prompt: saying });
    const response = await user.post(TRANSCRIPTIONS, form);
    expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    const events = readEvents(await response.text()).map(({ data }) => data);
    expect(events.pop()).toBe("[DONE]");
    const parsed = events.map((data) => JSON.parse(data) as { type: string; delta?: string });
    expect(parsed.map(({ delta }) => delta ?? "").join("")).toBe(TEXT);
    expect(parsed.at(-1)).toMatchObject({ type: "transcript.text.done", text: TEXT, usage: { type: "tokens" } });
  });

  it("of a model that cannot stream is a stream of one delta", async () => {
    const user = await createUser();
    const form = createRecordingForm({ model: "whisper-1", stream: "true", response_format: "text", prompt: saying });
    const events = readEvents(await (await user.post(TRANSCRIPTIONS, form)).text()).map(({ data }) => data);
    expect(events.map((data) => (data === "[DONE]" ? data : (JSON.parse(data) as unknown)))).toEqual([
      { type: "transcript.text.delta", delta: TEXT },
      { type: "transcript.text.done", text: TEXT, usage: { type: "duration", seconds: 10 } },
      "[DONE]",
    ]);
  });

  it("with a language sends a list of it to a model that takes a list", async () => {
    const user = await createUser();
    await user.post(TRANSCRIPTIONS, createRecordingForm({ model: "gpt-transcribe", language: "de" }));
    const { body } = (await emulation.stats()).last ?? {};
    expect(body).toMatchObject({ "languages[]": ["de"] });
    expect(body).not.toHaveProperty("language");
  });

  it("translates", async () => {
    const user = await createUser();
    const form = createRecordingForm({ model: "whisper-1", prompt: saying });
    expect(await (await user.post(TRANSLATIONS, form)).json()).toMatchObject({ text: TEXT });
    expect((await emulation.stats()).by_path).toEqual({ [TRANSLATIONS]: 1 });
  });

  it("for a file named blob is requested under a name with an extension", async () => {
    const user = await createUser();
    const file = new File([createWav(1)], "blob", { type: "audio/wav" });
    expect((await user.post(TRANSCRIPTIONS, createForm({ model: "whisper-1", file }))).status).toBe(200);
    expect((await emulation.stats()).last?.body).toMatchObject({
      file: [{ name: "audio.wav", type: "audio/wav", size: 8044 }],
    });
  });

  it("for a file of unknown length is reserved by the model's own limit", async () => {
    const user = await createUser();
    const file = new File([WEBM], "memo.webm", { type: "audio/webm" });
    expect((await user.post(TRANSCRIPTIONS, createForm({ file, model: "gpt-4o-transcribe" }))).status).toBe(200);
  });

  it.each([
    ["without segments", {}],
    ["with an empty list of segments", { segments: [] }],
    ["with segments that have no times", { segments: [{ text: TEXT }] }],
  ])("%s cannot become subtitles, so it is an error of the provider", async (_, fields) => {
    const user = await createUserOf(() => Response.json({ text: TEXT, duration: 10, ...fields }));
    const form = createRecordingForm({ model: "whisper-1", response_format: "srt" });
    expect(await errorOf(await user.post(TRANSCRIPTIONS, form))).toMatchObject({ code: "provider_error" });
  });
});

const wav = (name: string, type = "") => new File([createWav(1)], name, { type });

describe("a request is refused before anything is sent", () => {
  const model = "whisper-1";

  it.each<[string, Record<string, FormValue>, number, string, string | null]>([
    ["without a file", { model }, 400, "invalid_request", "file"],
    ["without a model", { file: wav("a.wav") }, 400, "invalid_request", "model"],
    ["with a file that is a text", { model, file: "RIFF" }, 400, "invalid_request", "file"],
    [
      "with a text that is a file",
      { model, file: wav("a.wav"), prompt: wav("b.wav") },
      400,
      "invalid_request",
      "prompt",
    ],
    ["with a file that is no audio", { model, file: new File(["Hello."], "a.wav") }, 400, "unsupported_format", "file"],
    ["with an empty file", { model, file: new File([], "a.wav") }, 400, "unsupported_format", "file"],
    ["with another format than its name", { model, file: wav("a.mp3") }, 400, "unsupported_format", "file"],
    [
      "with another format than its type",
      { model, file: wav("a.wav", "audio/ogg") },
      400,
      "unsupported_format",
      "file",
    ],
    ["whose length cannot be proved", { model, file: new File([WEBM], "a.webm") }, 400, "unsupported_format", "file"],
    ["for a model without the endpoint", { model: "o4-mini", file: wav("a.wav") }, 400, "unsupported_value", "model"],
    [
      "for a model without the facts",
      { model: "emulated-unbounded", file: wav("a.wav") },
      400,
      "unsupported_value",
      "model",
    ],
    ["for an alias with instructions", { model: "instructed", file: wav("a.wav") }, 400, "unsupported_value", "model"],
    ["with an unknown field", { model, file: wav("a.wav"), seed: "1" }, 400, "unsupported_parameter", "seed"],
    ["with a wrong number", { model, file: wav("a.wav"), temperature: "hot" }, 400, "invalid_request", "temperature"],
    [
      "with a number that is too high",
      { model, file: wav("a.wav"), temperature: "1.5" },
      400,
      "invalid_request",
      "temperature",
    ],
    ["with a wrong flag", { model, file: wav("a.wav"), stream: "yes" }, 400, "invalid_request", "stream"],
    [
      "with speakers",
      { model, file: wav("a.wav"), response_format: "diarized_json" },
      400,
      "invalid_request",
      "response_format",
    ],
    [
      "with subtitles of a model without timestamps",
      { model: "gpt-transcribe", file: wav("a.wav"), response_format: "srt" },
      400,
      "unsupported_parameter",
      "response_format",
    ],
    [
      "with subtitles as a stream",
      { model, file: wav("a.wav"), response_format: "srt", stream: "true" },
      400,
      "unsupported_value",
      "response_format",
    ],
    [
      "with granularities and no verbose_json",
      { model, file: wav("a.wav"), "timestamp_granularities[]": ["word"] },
      400,
      "unsupported_value",
      "timestamp_granularities[]",
    ],
    [
      "with keywords that the model does not know",
      { model, file: wav("a.wav"), "keywords[]": ["weir"] },
      400,
      "unsupported_parameter",
      "keywords[]",
    ],
    [
      "with chunks that each have an output limit",
      { model: "gpt-4o-transcribe", file: wav("a.wav"), chunking_strategy: "auto" },
      400,
      "unsupported_parameter",
      "chunking_strategy",
    ],
  ])("%s", async (_, parts, status, code, param) => {
    const user = await createUser();
    const response = await user.post(TRANSCRIPTIONS, createForm(parts));
    expect([response.status, await errorOf(response)]).toEqual([
      status,
      expect.objectContaining({ code, param }) as unknown,
    ]);
    expect(await user.settled()).toEqual(NOTHING);
    expect((await emulation.stats()).requests).toBe(0);
  });

  it("that is longer than the model takes, naming the limit", async () => {
    const user = await createUser();
    const response = await user.post(TRANSCRIPTIONS, createRecordingForm({ model: "gpt-4o-transcribe" }, 1501));
    const { message, param } = await errorOf(response);
    expect([response.status, param, message]).toEqual([400, "file", expect.stringContaining("at most 1500 s")]);
  });

  it("that names the formats whose length can be proved", async () => {
    const user = await createUser();
    const file = new File([WEBM], "a.webm");
    const { message } = await errorOf(await user.post(TRANSCRIPTIONS, createForm({ model, file })));
    expect(message).toContain("wav, mp3, m4a, mp4, ogg");
  });

  it("that sends a field of transcriptions to translations", async () => {
    const user = await createUser();
    const response = await user.post(TRANSLATIONS, createRecordingForm({ model, language: "de" }));
    expect(await errorOf(response)).toMatchObject({ code: "unsupported_parameter", param: "language" });
  });

  it("that is JSON", async () => {
    const user = await createUser();
    expect((await user.post(TRANSCRIPTIONS, { model })).status).toBe(415);
  });

  it("that is larger than an upload may be", async () => {
    const user = await createUser();
    expect((await user.post(TRANSCRIPTIONS, createRecordingForm({ model }, 3500))).status).toBe(413);
  });

  it("that costs more than the plan has left", async () => {
    await useCatalog(createDollarCatalog(0.001));
    const user = await createUser();
    expect((await user.post(TRANSCRIPTIONS, createRecordingForm({ model }, 8))).status).toBe(200);
    await user.settled();
    const response = await user.post(TRANSCRIPTIONS, createRecordingForm({ model }, 8));
    expect([response.status, (await errorOf(response)).code]).toEqual([429, "insufficient_quota"]);
  });
});
