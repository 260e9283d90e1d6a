// POST /v1/audio/speech in workerd: formats, streaming, and refusals before anything is sent.

import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { errorOf } from "../../../support/caller.ts";
import { createDollarCatalog } from "../../../support/catalog.ts";
import { createUserOf, writtenProvider } from "../../../support/providers.ts";
import { createUser, emulation, useCatalog } from "../../../support/workerd.ts";

const PATH = "/v1/audio/speech";
const speak = (more: object = {}) => ({ model: "gpt-4o-mini-tts", voice: "alloy", input: "A low wall.", ...more });

beforeAll(async () => void (await useCatalog(createDollarCatalog())));
beforeEach(emulation.zero);

describe("speech", () => {
  it.each([
    ["mp3", "audio/mpeg"],
    ["opus", "audio/opus"],
    ["aac", "audio/aac"],
    ["flac", "audio/flac"],
    ["wav", "audio/wav"],
    ["pcm", "audio/pcm"],
  ])("in %s is the same from both kinds of models", async (format, contentType) => {
    const user = await createUser();
    const [tokens, characters] = await Promise.all(
      ["gpt-4o-mini-tts", "tts-1"].map((model) => user.post(PATH, speak({ model, response_format: format }))),
    );
    for (const response of [tokens, characters]) {
      expect(response?.headers.get("content-type")).toBe(contentType);
      expect(response?.headers.get("cache-control")).toBe("no-cache");
    }
    expect(tokens?.headers.get("weir-model")).toBe("gpt-4o-mini-tts");
    expect(await tokens?.bytes()).toEqual(await characters?.bytes());
  });

  it("reaches its caller event by event", async () => {
    const { provider, write, end } = writtenProvider();
    const answers = await createUserOf(async (request) => {
      const { body } = await provider(request);
      return new Response(body, { headers: { "content-type": "text/event-stream" } });
    });
    const event = (audio: string) => write(`data: {"type":"speech.audio.delta","audio":"${btoa(audio)}"}\n\n`);
    const pending = answers.post(PATH, speak());
    await event("first");
    const reader = (await pending).body?.getReader();
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe("first");
    await event("second");
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe("second");
    await write(
      `data: {"type":"speech.audio.done","usage":{"input_tokens":3,"output_tokens":9,"total_tokens":12}}\n\n`,
    );
    await end();
    expect((await reader?.read())?.done).toBe(true);
    expect(await answers.settled()).toMatchObject({ tokens: 12, requests: 1 });
  });
});

describe("a request is refused before anything is sent", () => {
  it.each([
    ["of a model without speech", { model: "o4-mini" }, "model", "unsupported_value", "tts-1"],
    ["of a custom voice", { voice: { id: "voice_1" } }, "voice", "invalid_request", "built-in voice"],
    [
      "of instructions",
      { model: "tts-1", instructions: "Whisper." },
      "instructions",
      "unsupported_parameter",
      "Leave it",
    ],
    [
      "of events",
      { model: "tts-1", stream_format: "sse" },
      "stream_format",
      "unsupported_parameter",
      "gpt-4o-mini-tts",
    ],
  ])("because %s", async (_, more, param, code, words) => {
    const user = await createUser();
    const response = await user.post(PATH, speak(more));
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ param, code, message: expect.stringContaining(words) });
    expect((await emulation.stats()).requests).toBe(0);
  });

  it.each([
    // 11 characters at 15 dollars a million, and a ceiling of 11 x 5 x 12 dollars a million and more.
    ["tts-1", 0.000_16],
    ["gpt-4o-mini-tts", 0.001],
  ])("because the bound of %s does not fit into %d dollars", async (model, usd) => {
    await useCatalog(createDollarCatalog(usd));
    const user = await createUser();
    const response = await user.post(PATH, speak({ model }));
    await useCatalog(createDollarCatalog());
    expect(response.status).toBe(429);
    expect((await errorOf(response)).code).toBe("plan_limit_exceeded");
    expect((await emulation.stats()).requests).toBe(0);
  });
});
