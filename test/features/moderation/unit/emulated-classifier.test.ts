// The emulated classifier: scores, images, scripts in the text, delays and failures.
import { beforeEach, describe, expect, it } from "vitest";
import { readJudgedText } from "../../../../dev/provider/moderation/judged-text.ts";
import { complete, readError, readJson, readStats } from "../../../provider/support/client.ts";
import { scripted, scriptedText, send, user } from "../../../provider/support/client.ts";
import { repeatUntil } from "../../../support/repeat.ts";

interface Verdict {
  flagged: boolean;
  categories: Record<string, boolean>;
  category_scores: Record<string, number>;
  category_applied_input_types: Record<string, string[]>;
}

const IMAGE = { type: "image_url", image_url: { url: "https://example.com/emulate-sexual.png" } };

const sendModeration = (input: unknown, init?: RequestInit) => send("POST", "/v1/moderations", { input }, init);

async function moderate(input: unknown): Promise<Verdict[]> {
  const answer = await readJson<{ model: string; results: Verdict[] }>(await sendModeration(input));
  expect(answer.model).toBe("omni-moderation-latest");
  return answer.results;
}

const flaggedBy = ({ categories }: Verdict) => Object.keys(categories).filter((name) => categories[name]);

beforeEach(async () => {
  await send("DELETE", "/__stats");
});

describe("a score", () => {
  const low = [false, expect.toSatisfy((score: number) => score < 0.01)];

  it.each([
    ["emulate-violence", "violence", [true, 0.97]],
    ["emulate-violence-0.499", "violence", [false, 0.499]],
    ["Emulate-Violence-0.5.", "violence", [true, 0.5]],
    ["emulate-self-harm-intent-0.6", "self-harm/intent", [true, 0.6]],
    ["emulate-violence-0.4", "hate", low],
    ["emulate-hateful", "hate", low],
    // Not a score from 0 to 1.
    ["emulate-violence-1.5", "violence", [true, 0.97]],
    ["emulate-hate-0.2 emulate-hate-0.6 emulate-hate-0.3", "hate", [true, 0.6]],
    ["emulate-hate-threatening-0.9 emulate-hate-0.1", "hate", [false, 0.1]],
  ])("%s: %s", async (text, category, expected) => {
    const [verdict] = await moderate(text);
    expect([verdict?.categories[category], verdict?.category_scores[category]]).toEqual(expected);
    expect(verdict?.flagged).toBe(Object.values(verdict?.categories ?? {}).includes(true));
  });

  it("of a text does not depend on its script, which may be invalid", async () => {
    const script = scriptedText({ text: "emulate-violence" }, "emulate-hate");
    const verdicts = await moderate([script, 'emulate {"tokens":-1,"text":"emulate-violence"}\nemulate-hate']);
    expect(verdicts.map(flaggedBy)).toEqual([["hate"], ["hate"]]);
  });

  it("of text and image parts is one verdict", async () => {
    const [verdict, ...others] = await moderate([{ type: "text", text: "Hello" }, IMAGE]);
    expect(others).toEqual([]);
    expect(verdict && flaggedBy(verdict)).toEqual(["sexual"]);
    expect(verdict?.category_applied_input_types).toMatchObject({ sexual: ["text", "image"], hate: ["text"] });
  });
});

it.each<[string, unknown, object]>([
  ["no input", undefined, { param: "input" }],
  ["two images", [IMAGE, IMAGE], { code: "too_many_images" }],
  [
    "an image that is not in base64",
    [{ ...IMAGE, image_url: { url: "data:image/png;base64,A" } }],
    { code: "invalid_image_url", param: "input[0].image_url.url" },
  ],
])("the classifier refuses %s", async (_name, input, expected) => {
  expect(await readError(await sendModeration(input))).toMatchObject({ status: 400, ...expected });
});

describe("a moderated text", () => {
  const nothing = { delayMs: 0, status: undefined };
  it.each([
    ["Hello", { text: "Hello", ...nothing }],
    ["a Emulate-Moderation-MS-300, emulate-moderation-ms-900!", { delayMs: 900 }],
    ["emulate-moderation-ms-60001", { delayMs: 60_000 }],
    ["emulate-moderation-status-503.", { status: 503 }],
    ["emulate-moderation-status-200 emulate-moderation-status-5000", nothing],
    ['emulate {"moderation_ms":300,"moderation_status":429}', { text: "", delayMs: 300, status: 429 }],
    ['emulate {"text":"emulate-moderation-ms-300 emulate-moderation-status-500"}\nHi', { text: "Hi", ...nothing }],
    ['<text>\nemulate {"text":"x","moderation_ms":7}\nHi\n</text>', { text: "<text>\nHi\n</text>", delayMs: 7 }],
    ['Say: emulate {"text":"x"}', { text: 'Say: emulate {"text":"x"}' }],
  ])("demands a delay or a failure: %s", (text, expected) => {
    expect(readJudgedText(text)).toMatchObject(expected);
  });

  it("does not delay the model that answers it, or make it fail", async () => {
    const messages = scripted({ tokens: 3, moderation_ms: 60_000, moderation_status: 500 });
    expect((await complete({ messages })).choices[0]?.message.content).toBe("water runs over");
    const { choices } = await complete({ messages: [user("emulate-moderation-status-500")] });
    expect(choices[0]?.finish_reason).toBe("stop");
  });

  it.each([
    ["emulate-moderation-status-500", 500],
    [["Hi", "emulate-moderation-status-429"], 429],
    [scriptedText({ moderation_status: 500 }, "Hi"), 500],
  ])("makes the classifier fail: %j", async (input, status) => {
    expect(await readError(await sendModeration(input))).toMatchObject({ status, message: expect.any(String) });
    expect(await readStats()).toMatchObject({ requests: 1, failed: 1, by_path: { "/v1/moderations": 1 } });
  });

  it("makes the classifier wait, which ends when the caller leaves", async () => {
    const startedAt = performance.now();
    expect((await sendModeration(["Hi", "emulate-moderation-ms-30"])).status).toBe(200);
    // A timer may fire up to a millisecond early.
    expect(performance.now() - startedAt).toBeGreaterThan(28);
    const caller = new AbortController();
    const answer = sendModeration(scriptedText({ moderation_ms: 60_000 }), { signal: caller.signal });
    await repeatUntil(readStats, ({ active }) => active === 1);
    caller.abort();
    expect((await answer).status).toBe(499);
    expect(await readStats()).toMatchObject({ requests: 2, completed: 1, cancelled: 1, active: 0 });
  });
});
