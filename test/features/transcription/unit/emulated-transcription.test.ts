// The emulated transcription: refusals as at OpenAI, the bill, and the end of translations.

import { beforeEach, describe, expect, it } from "vitest";
import provider from "../../../../dev/provider/index.ts";
import { countTokens } from "../../../../dev/provider/kernel/generation/tokens.ts";
import { emulate } from "../../../support/emulation.ts";
import { emulatedEnv, readError, readJson, send } from "../../../provider/support/client.ts";
import type { FormValue } from "../support/recordings.ts";
import { createForm, createRecordingForm, createWav, TRANSCRIPTIONS, TRANSLATIONS } from "../support/recordings.ts";

const headers = { authorization: "Bearer emulated-key" };

const post = async (path: string, body: FormData, env = emulatedEnv) =>
  provider.fetch(new Request(`http://provider.test${path}`, { method: "POST", headers, body }), env);

beforeEach(() => send("DELETE", "/__stats"));

describe("a request is refused", () => {
  const file = new File([createWav(1)], "a.wav");
  it.each<[string, Record<string, FormValue>, number, string | null, string]>([
    ["without a file", { model: "whisper-1" }, 400, "missing_required_parameter", "'file'"],
    ["for an unknown model", { model: "whisper-9", file }, 404, "model_not_found", "whisper-9"],
    ["for a model of another kind", { model: "o4-mini", file }, 400, "invalid_value", "compatible with this API"],
    ["with a name without extension", { model: "whisper-1", file: new File(["x"], "blob") }, 400, null, "Unrecognized"],
    [
      "with bytes of no format",
      { model: "whisper-1", file: new File(["Hello"], "a.mp3") },
      400,
      "invalid_value",
      "corrupted",
    ],
    [
      "with subtitles of a model without",
      { model: "gpt-transcribe", file, response_format: "vtt" },
      400,
      "unsupported_value",
      "not compatible",
    ],
    [
      "that is too long",
      { model: "gpt-4o-transcribe", file, prompt: emulate({ audio_seconds: 1501 }) },
      400,
      "invalid_value",
      "longer than 1500",
    ],
    ["that is too large", { model: "whisper-1", file: new File([createWav(3300)], "a.wav") }, 413, null, "26214400"],
  ])("%s", async (_, parts, status, code, message) => {
    const error = await readError(await post(TRANSCRIPTIONS, createForm(parts)));
    expect(error).toMatchObject({ status, code, message: expect.stringContaining(message) as string });
  });
});

const PROMPT = "emulate-bill-memo";

it.each([
  ["whisper-1", { seconds: 10, input: 0, output: 0 }],
  ["gpt-4o-transcribe", { input: 100 + countTokens(PROMPT), output: 30 }],
])("the bill of %s is what OpenAI charges", async (model, bill) => {
  const form = createRecordingForm({ model, prompt: PROMPT });
  expect((await post(TRANSCRIPTIONS, form)).status).toBe(200);
  const [billed] = await readJson<object[]>(await send("GET", "/__stats/billed/memo"));
  expect(billed).toMatchObject({ model, ...bill });
});

it("translations are a 404 from the day of their end", async () => {
  const form = createRecordingForm({ model: "emulated-any" });
  const error = await readError(await post(TRANSLATIONS, form, { NOW: "2027-02-26" }));
  expect(error).toMatchObject({ status: 404, message: `Invalid URL (POST ${TRANSLATIONS})` });
  expect((await post(TRANSLATIONS, form, { NOW: "2027-02-25" })).status).toBe(200);
});
