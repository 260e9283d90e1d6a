// The cost of each ending of a transcription, in dollars: what the provider reported, or the length of the file.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Script } from "../../../../dev/provider/kernel/script.ts";
import type { Catalog } from "../../../../src/core/catalog/schema.ts";
import { dollarsOf } from "../../../support/caller.ts";
import { createDollarCatalog, toAlias } from "../../../support/catalog.ts";
import { emulate } from "../../../support/emulation.ts";
import { readUntil } from "../../../support/events.ts";
import { createUserOf, emulated, streamOf } from "../../../support/providers.ts";
import { createUser, emulation, useCatalog } from "../../../support/workerd.ts";
import type { FormValue } from "../support/recordings.ts";
import { createRecordingForm, TRANSCRIPTIONS, TRANSLATIONS } from "../support/recordings.ts";

const WHISPER_SECOND = 0.006 / 60;
const GPT_SECOND = 0.0045 / 60;
/** Ten seconds and one for the rounding: the most that Weir reserves. */
const MOST_SECONDS = 11;

/** All models, and an alias with a fallback. */
async function useModels(timing: Partial<Catalog["timing"]> = {}) {
  const catalog = createDollarCatalog(100, timing);
  const dictation = toAlias("gpt-transcribe", { fallback: ["whisper-1"] });
  await useCatalog({ ...catalog, aliases: { ...catalog.aliases, dictation } });
}

beforeAll(() => useModels());
beforeEach(emulation.zero);

/** The cost of a request after its end: dollars, requests, and what is still reserved. */
async function costOf(user: Awaited<ReturnType<typeof createUser>>) {
  const { requests, reserved } = await user.settled();
  return { usd: dollarsOf(await user.usage()), requests, reserved };
}

const spent = (usd: number, requests = 1) => ({ usd: expect.closeTo(usd, 9) as number, requests, reserved: 0 });

/** The dollars of ten seconds for a model with token prices of 6 and 10 dollars a million. */
const tokenCost = (textTokens: number, outputTokens: number) =>
  (100 * 6 + textTokens * 2.5 + outputTokens * 10) / 1_000_000;

describe("a finished answer costs what the provider reported", () => {
  it.each<[string, string, Record<string, FormValue>, number]>([
    ["as json", TRANSCRIPTIONS, { model: "whisper-1" }, 10 * WHISPER_SECOND],
    ["as text", TRANSCRIPTIONS, { model: "whisper-1", response_format: "text" }, 10 * WHISPER_SECOND],
    ["as srt", TRANSCRIPTIONS, { model: "whisper-1", response_format: "srt" }, 10 * WHISPER_SECOND],
    ["as vtt", TRANSCRIPTIONS, { model: "whisper-1", response_format: "vtt" }, 10 * WHISPER_SECOND],
    ["as verbose_json", TRANSCRIPTIONS, { model: "whisper-1", response_format: "verbose_json" }, 10 * WHISPER_SECOND],
    [
      "as text of a model without timestamps",
      TRANSCRIPTIONS,
      { model: "gpt-transcribe", response_format: "text" },
      10 * GPT_SECOND,
    ],
    [
      "as a stream of a model that is priced by time",
      TRANSCRIPTIONS,
      { model: "gpt-transcribe", stream: "true" },
      10 * GPT_SECOND,
    ],
    ["in tokens", TRANSCRIPTIONS, { model: "gpt-4o-transcribe" }, tokenCost(0, 30)],
    ["in tokens, as a stream", TRANSCRIPTIONS, { model: "gpt-4o-transcribe", stream: "true" }, tokenCost(0, 30)],
    ["for a translation", TRANSLATIONS, { model: "whisper-1", response_format: "text" }, 10 * WHISPER_SECOND],
    [
      "for fewer seconds than the file has",
      TRANSCRIPTIONS,
      { model: "whisper-1", prompt: emulate({ audio_seconds: 3 }) },
      3 * WHISPER_SECOND,
    ],
    [
      "for more seconds than the file proves, although they were not reserved",
      TRANSCRIPTIONS,
      { model: "whisper-1", prompt: emulate({ audio_seconds: 60 }) },
      60 * WHISPER_SECOND,
    ],
  ])("%s", async (_, path, fields, usd) => {
    const user = await createUser();
    const response = await user.post(path, createRecordingForm(fields));
    expect(response.status).toBe(200);
    await response.text();
    expect(await costOf(user)).toEqual(spent(usd));
  });
});

describe("an answer without usage", () => {
  it.each<[string, Record<string, FormValue>]>([
    ["as json", { response_format: "json" }],
    ["as srt", { response_format: "srt" }],
  ])("costs the length of the file, %s", async (_, fields) => {
    const user = await createUser();
    const form = createRecordingForm({ model: "whisper-1", prompt: emulate({ no_usage: true }), ...fields });
    await (await user.post(TRANSCRIPTIONS, form)).text();
    expect(await costOf(user)).toEqual(spent(MOST_SECONDS * WHISPER_SECOND));
  });

  it("costs an estimate in tokens: the whole input, and at least the relayed text", async () => {
    const user = await createUser();
    const form = createRecordingForm({ model: "gpt-4o-transcribe", prompt: emulate({ no_usage: true, tokens: 50 }) });
    await (await user.post(TRANSCRIPTIONS, form)).text();
    const { usd } = await costOf(user);
    expect(usd).toBeGreaterThan(tokenCost(0, 50));
    expect(usd).toBeLessThan(tokenCost(0, 2000));
  });

  it.each([
    ["at its end mark", ['data: {"type":"transcript.text.delta","delta":"A river."}\n\n', "data: [DONE]\n\n"]],
    ["after the whole text", ['data: {"type":"transcript.text.done","text":"A river."}\n\n']],
  ])("as a stream that ends %s costs the length of the file", async (_, events) => {
    const user = await createUserOf(streamOf(...events));
    const response = await user.post(TRANSCRIPTIONS, createRecordingForm({ model: "gpt-transcribe", stream: "true" }));
    expect(await response.text()).toBe(events.join(""));
    expect(await costOf(user)).toEqual(spent(MOST_SECONDS * GPT_SECOND));
  });

  it("in seconds of a model that is priced by tokens costs an estimate", async () => {
    const usage = { type: "duration", seconds: 10 };
    const user = await createUserOf(() => Response.json({ text: "A river.", usage }));
    await (await user.post(TRANSCRIPTIONS, createRecordingForm({ model: "gpt-4o-transcribe" }))).text();
    expect((await costOf(user)).usd).toBeGreaterThan(tokenCost(0, 4));
  });
});

const streamed = (script: Script) =>
  createRecordingForm({ model: "gpt-transcribe", stream: "true", prompt: emulate(script) });

describe("an answer that does not come to its end", () => {
  it.each<[string, Script, string]>([
    ["is cut", { cut_after: 5 }, "broke off"],
    ["has an error", { error_after: 5 }, "failed while answering"],
  ])("because the stream %s costs the length of the file, and ends with an error", async (_, script, words) => {
    const user = await createUser();
    const text = await (await user.post(TRANSCRIPTIONS, streamed(script))).text();
    expect(text).toContain("transcript.text.delta");
    expect(text.trimEnd().split("\n").at(-1)).toMatch(new RegExp(`^data: \\{"error":\\{"message":"[^"]*${words}`));
    expect(await costOf(user)).toEqual(spent(MOST_SECONDS * GPT_SECOND));
  });

  it("because the provider cuts JSON costs the length of the file", async () => {
    const user = await createUser();
    const form = createRecordingForm({ model: "whisper-1", prompt: emulate({ cut_after: 1 }) });
    expect((await user.post(TRANSCRIPTIONS, form)).status).toBe(502);
    expect(await costOf(user)).toEqual(spent(MOST_SECONDS * WHISPER_SECOND));
  });

  it("because the caller leaves costs the length of the file", async () => {
    const user = await createUser();
    const response = await user.post(TRANSCRIPTIONS, streamed({ tokens: 50, delay_ms: 20 }));
    await (await readUntil(response.body, "delta")).cancel();
    expect(await costOf(user)).toEqual(spent(MOST_SECONDS * GPT_SECOND));
  });

  it("because the caller leaves JSON costs the usage, which the provider still reports", async () => {
    const user = await createUser();
    const control = new AbortController();
    const form = createRecordingForm({ model: "whisper-1", prompt: emulate({ first_ms: 100 }) });
    const response = user.post(TRANSCRIPTIONS, form, { signal: control.signal });
    await emulation.busy();
    control.abort();
    await expect(response).rejects.toThrow("abort");
    expect(await costOf(user)).toEqual(spent(10 * WHISPER_SECOND));
  });

  it("because its first event is an error costs a request", async () => {
    const user = await createUser();
    expect((await user.post(TRANSCRIPTIONS, streamed({ error_after: 0 }))).status).toBe(502);
    expect(await costOf(user)).toEqual(spent(0));
  });

  describe("by a deadline", () => {
    beforeAll(() => useModels({ idle_ms: 300, total_ms: 600 }));
    afterAll(() => useModels());

    it("costs tokens by the relayed text when the stream falls silent", async () => {
      const user = await createUser();
      const prompt = emulate({ stall_after: 5 });
      const form = createRecordingForm({ model: "gpt-4o-transcribe", stream: "true", prompt });
      expect(await (await user.post(TRANSCRIPTIONS, form)).text()).toContain('"code":"provider_timeout"');
      const { usd } = await costOf(user);
      expect(usd).toBeGreaterThan(tokenCost(0, 5));
      expect(usd).toBeLessThan(tokenCost(200, 200));
    });

    it("costs the length of the file when JSON does not come", async () => {
      const user = await createUser();
      const form = createRecordingForm({ model: "whisper-1", prompt: emulate({ stall_after: 1 }) });
      expect((await user.post(TRANSCRIPTIONS, form)).status).toBe(504);
      expect(await costOf(user)).toEqual(spent(MOST_SECONDS * WHISPER_SECOND));
    });
  });
});

describe("a provider that fails", () => {
  it.each([400, 429, 500, 503])("with %i costs a request", async (status) => {
    const user = await createUser();
    const form = createRecordingForm({ model: "whisper-1", prompt: emulate({ status }) });
    expect((await user.post(TRANSCRIPTIONS, form)).status).toBeGreaterThanOrEqual(400);
    expect(await costOf(user)).toEqual(spent(0));
  });

  it("is followed by a fallback that gets the same recording", async () => {
    const sizes: number[] = [];
    const user = await createUserOf(async (request) => {
      const form = await request.clone().formData();
      sizes.push((form.get("file") as File).size);
      return form.get("model") === "gpt-transcribe" ? Response.json({}, { status: 500 }) : emulated(request);
    });
    const response = await user.post(TRANSCRIPTIONS, createRecordingForm({ model: "dictation" }));
    expect(response.headers.get("weir-model")).toBe("whisper-1");
    expect(await response.json()).toMatchObject({ usage: { type: "duration", seconds: 10 } });
    expect(sizes).toEqual([80_044, 80_044]);
    expect(await costOf(user)).toEqual(spent(10 * WHISPER_SECOND));
  });
});
