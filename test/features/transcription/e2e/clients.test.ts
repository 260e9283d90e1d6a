// The `openai` package and the AI SDK as they are, over /v1/audio/transcriptions and /translations.

import { createReadStream } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createOpenAI } from "@ai-sdk/openai";
import { transcribe } from "ai";
import { toFile } from "openai";
import { afterAll, afterEach, beforeEach, expect, it } from "vitest";
import { dollarsOf } from "../../../support/caller.ts";
import { createDollarCatalog } from "../../../support/catalog.ts";
import { emulate } from "../../../support/emulation.ts";
import { createClient } from "../../../support/openai-client.ts";
import { startWeir } from "../../../support/weir.ts";
import { createWav } from "../support/recordings.ts";

const TEXT = "A weir is a low wall in a river.";
const prompt = emulate({ text: TEXT });
const SECONDS = 10;
const WHISPER_USD = 0.001;

const weir = await startWeir(createDollarCatalog());
const folder = await mkdtemp(join(tmpdir(), "recordings-"));
const path = join(folder, "memo.wav");
await writeFile(path, createWav(SECONDS));
afterAll(async () => {
  await weir.close();
  await rm(folder, { recursive: true });
});
afterEach(weir.report);
beforeEach(weir.emulation.zero);

const memo = () => toFile(createWav(SECONDS), "memo.wav");

it("the openai client sends a stream of a file, and gets text with its usage", async () => {
  const { client, user } = await createClient(weir);
  const file = createReadStream(path);
  const answer = await client.audio.transcriptions.create({ model: "gpt-transcribe", file, prompt });
  expect(answer).toMatchObject({ text: TEXT, usage: { type: "duration", seconds: SECONDS } });
  await user.settled();
  expect(dollarsOf(await user.usage())).toBeCloseTo(0.00075, 9);
});

it.each(["tone.m4a", "tone.mp3", "tone.ogg"])("the openai client sends the recording %s", async (name) => {
  const { client, user } = await createClient(weir);
  const file = createReadStream(join(import.meta.dirname, "../fixtures", name));
  expect(await client.audio.transcriptions.create({ model: "gpt-transcribe", file, prompt })).toMatchObject({
    text: TEXT,
  });
  expect(await user.settled()).toMatchObject({ requests: 1, reserved: 0 });
});

it("the openai client gets plain text, subtitles and verbose JSON", async () => {
  const { client, user } = await createClient(weir);
  const request = { model: "whisper-1", prompt };
  const create = client.audio.transcriptions.create.bind(client.audio.transcriptions);
  expect(await create({ ...request, file: await memo(), response_format: "text" })).toBe(`${TEXT}\n`);
  const subtitles = await create({ ...request, file: await memo(), response_format: "vtt" });
  expect(subtitles).toMatch(/^WEBVTT\n\n00:00:00\.000 --> 00:00:\d\d\.\d{3}\nA weir/);
  const verbose = await create({ ...request, file: await memo(), response_format: "verbose_json" });
  expect(verbose).toMatchObject({ text: TEXT, duration: SECONDS, segments: [{ id: 0 }] });
  await user.settled();
  expect(dollarsOf(await user.usage())).toBeCloseTo(3 * WHISPER_USD, 9);
});

it.each(["gpt-4o-mini-transcribe", "gpt-transcribe", "whisper-1"])(
  "the openai client reads the stream of %s",
  async (model) => {
    const { client, user } = await createClient(weir);
    const stream = await client.audio.transcriptions.create({ model, file: await memo(), prompt, stream: true });
    let heard = "";
    let done: string | undefined;
    for await (const event of stream) {
      if (event.type === "transcript.text.delta") heard += event.delta;
      if (event.type === "transcript.text.done") done = event.text;
    }
    expect([heard, done]).toEqual([TEXT, TEXT]);
    expect(await user.settled()).toMatchObject({ requests: 1, reserved: 0 });
  },
);

it("the openai client translates, and throws a refusal that names the field", async () => {
  const { client } = await createClient(weir);
  const request = { model: "whisper-1", prompt };
  expect(await client.audio.translations.create({ ...request, file: await memo() })).toMatchObject({ text: TEXT });
  const text = await toFile(new TextEncoder().encode("Hello."), "memo.wav");
  await expect(client.audio.transcriptions.create({ ...request, file: text })).rejects.toMatchObject({
    status: 400,
    code: "unsupported_format",
    param: "file",
  });
});

it("the AI SDK transcribes with each kind of model", async () => {
  const user = await weir.createUser();
  const provider = createOpenAI({ baseURL: `${weir.url}/v1`, apiKey: user.token });
  const ask = (model: string) =>
    transcribe({
      model: provider.transcription(model),
      audio: createWav(SECONDS),
      providerOptions: { openai: { prompt } },
      maxRetries: 0,
    });
  expect(await ask("whisper-1")).toMatchObject({ text: TEXT, durationInSeconds: SECONDS, language: "en" });
  expect(await ask("gpt-transcribe")).toMatchObject({ text: TEXT, durationInSeconds: SECONDS, language: "en" });
  expect(await ask("gpt-4o-transcribe")).toMatchObject({ text: TEXT });
  expect(await user.settled()).toMatchObject({ requests: 3, reserved: 0 });
});
