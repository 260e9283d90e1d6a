// The `openai` package and the AI SDK as they are, over /v1/audio/speech.

import { createOpenAI } from "@ai-sdk/openai";
import { generateSpeech } from "ai";
import { afterAll, afterEach, expect, it } from "vitest";
import { createDollarCatalog } from "../../../support/catalog.ts";
import { emulate } from "../../../support/emulation.ts";
import { createClient } from "../../../support/openai-client.ts";
import { startWeir } from "../../../support/weir.ts";

const weir = await startWeir(createDollarCatalog());
afterAll(weir.close);
afterEach(weir.report);

const MODEL = "gpt-4o-mini-tts";
const VOICE = "alloy";
/** Two seconds. */
const INPUT = emulate({ tokens: 40 });

it("the openai client saves speech in a file of its format", async () => {
  const { client, user } = await createClient(weir);
  const starts = { mp3: [0xff, 0xf3], wav: Buffer.from("RIFF"), flac: Buffer.from("fLaC"), opus: Buffer.from("OggS") };
  for (const [format, start] of Object.entries(starts)) {
    const response_format = format as keyof typeof starts;
    const speech = await client.audio.speech.create({ model: MODEL, voice: VOICE, input: INPUT, response_format });
    const bytes = Buffer.from(await speech.arrayBuffer());
    expect([...bytes.subarray(0, start.length)]).toEqual([...start]);
  }
  expect(await user.settled()).toMatchObject({ requests: 4, reserved: 0 });
});

it("the openai client plays speech while it is generated", async () => {
  const { client, user } = await createClient(weir);
  const input = emulate({ tokens: 40, delay_ms: 20 });
  const speech = await client.audio.speech.create({ model: MODEL, voice: VOICE, input, response_format: "pcm" });
  let bytes = 0;
  let unfinished = 0;
  for await (const chunk of speech.body ?? []) {
    bytes += chunk.length;
    if (bytes < 48_000) unfinished = Math.max(unfinished, (await weir.emulation.stats()).active);
  }
  expect(bytes).toBe(2 * 48_000);
  // The provider was still at work when the first half had arrived.
  expect(unfinished).toBe(1);
  expect(await user.settled()).toMatchObject({ requests: 1, reserved: 0 });
});

it("the openai client reads events with usage", async () => {
  const { client, user } = await createClient(weir);
  const speech = await client.audio.speech.create({ model: MODEL, voice: VOICE, input: INPUT, stream_format: "sse" });
  const events = (await speech.text()).trim().split("\n\n");
  const [first, last] = [events[0], events.at(-1)].map(
    (event) => JSON.parse(event?.replace("data: ", "") ?? "") as { type: string; usage?: { total_tokens: number } },
  );
  expect([first?.type, last?.type]).toEqual(["speech.audio.delta", "speech.audio.done"]);
  expect(await user.settled()).toMatchObject({ tokens: last?.usage?.total_tokens, requests: 1 });
});

it.each([MODEL, "tts-1"])("the AI SDK generates speech with %s", async (name) => {
  const user = await weir.createUser();
  const model = createOpenAI({ baseURL: `${weir.url}/v1`, apiKey: user.token }).speech(name);
  const { audio, warnings } = await generateSpeech({ model, text: "A low wall in a river.", maxRetries: 0 });
  expect(warnings).toEqual([]);
  expect(audio.mediaType).toBe("audio/mpeg");
  expect(audio.uint8Array.length).toBeGreaterThan(10_000);
  expect(await user.settled()).toMatchObject({ requests: 1, reserved: 0 });
});
