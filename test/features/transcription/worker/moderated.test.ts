// uses: moderation
// Moderation of transcripts: the prompt, the keywords and the transcribed text.

import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { errorOf, ONLY_REQUESTS } from "../../../support/caller.ts";
import { createDollarCatalog } from "../../../support/catalog.ts";
import { emulate } from "../../../support/emulation.ts";
import { createUser, emulation, useCatalog } from "../../../support/workerd.ts";
import { createRecordingForm, TRANSCRIPTIONS, TRANSLATIONS } from "../support/recordings.ts";

const BLOCKED = "content_policy_violation";
const VIOLENT = "The river is low. There is emulate-violence in it.";

beforeAll(async () => {
  const catalog = createDollarCatalog();
  const moderation = { input: "before", output: "window", policy: "default" };
  const plans = Object.entries(catalog.plans).map(([name, plan]) => [name, { ...plan, moderation }]);
  await useCatalog({ ...catalog, plans: Object.fromEntries(plans) });
});
beforeEach(emulation.zero);

it.each([
  ["a prompt", TRANSCRIPTIONS, { model: "whisper-1", prompt: "emulate-violence" }],
  ["a keyword", TRANSCRIPTIONS, { model: "gpt-transcribe", "keywords[]": ["weir", "emulate-violence"] }],
  ["the prompt of a translation", TRANSLATIONS, { model: "whisper-1", prompt: "emulate-violence" }],
])("%s that moderation blocks is refused before the recording is sent", async (_, path, fields) => {
  const user = await createUser();
  const response = await user.post(path, createRecordingForm(fields));
  expect(response.status).toBe(400);
  expect(await errorOf(response)).toMatchObject({ code: BLOCKED, param: "prompt" });
  expect(await user.settled()).toEqual(ONLY_REQUESTS());
  expect((await emulation.stats()).by_path).toEqual({ "/v1/moderations": 1 });
});

describe("a transcript that moderation blocks", () => {
  it.each(["json", "text", "srt", "verbose_json"])("is not sent as %s, and is charged", async (response_format) => {
    const user = await createUser();
    const form = createRecordingForm({ model: "whisper-1", prompt: emulate({ text: VIOLENT }), response_format });
    const response = await user.post(TRANSCRIPTIONS, form);
    expect([response.status, (await errorOf(response)).code]).toEqual([400, BLOCKED]);
    const { windows } = await user.usage();
    expect(windows.find(({ unit }) => unit === "usd")?.used).toBeCloseTo(0.001, 9);
  });

  it.each(["gpt-transcribe", "gpt-4o-transcribe"])("ends the stream of %s with an error", async (model) => {
    const user = await createUser();
    const form = createRecordingForm({ model, stream: "true", prompt: emulate({ text: VIOLENT }) });
    const text = await (await user.post(TRANSCRIPTIONS, form)).text();
    expect(text).not.toContain("There");
    expect(text).toContain(`"code":"${BLOCKED}"`);
    expect(await user.settled()).toMatchObject({ reserved: 0 });
  });
});

it("a transcript that moderation allows is streamed unchanged", async () => {
  const user = await createUser();
  const text = "The river is low. It keeps its level. ".repeat(40).trim();
  const form = createRecordingForm({ model: "gpt-transcribe", stream: "true", prompt: emulate({ text }) });
  const response = await user.post(TRANSCRIPTIONS, form);
  const sent = await response.text();
  const deltas = [...sent.matchAll(/"delta":"([^"]*)"/g)].map(([, delta]) => delta);
  expect(deltas.join("")).toBe(text);
  expect(sent).toContain('"type":"transcript.text.done"');
  expect(sent).toContain('"usage":{"type":"duration","seconds":10}');
});
