// The emulated classifier: scores, images, delays and failures.
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
const moderate = async (input: unknown) =>
  (await readJson<{ results: Verdict[] }>(await sendModeration(input))).results;
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
    // Not a score from 0 to 1.
    ["emulate-violence-1.5", "violence", [true, 0.97]],
    ["emulate-hate-0.2 emulate-hate-0.6 emulate-hate-0.3", "hate", [true, 0.6]],
    ["emulate-hate-threatening-0.9 emulate-hate-0.1", "hate", [false, 0.1]],
    [scriptedText({ text: "emulate-violence" }, "emulate-hate-0.6"), "violence", low],
  ])("%s: %s", async (text, category, expected) => {
    const [verdict] = await moderate(text);
    expect([verdict?.categories[category], verdict?.category_scores[category]]).toEqual(expected);
    expect(verdict?.flagged).toBe(Object.values(verdict?.categories ?? {}).includes(true));
  });

  it("of text and image parts is one verdict", async () => {
    const [verdict, ...others] = await moderate([{ type: "text", text: "Hello" }, IMAGE]);
    expect(others).toEqual([]);
    expect(verdict && flaggedBy(verdict)).toEqual(["sexual"]);
    expect(verdict?.category_applied_input_types).toMatchObject({ sexual: ["text", "image"], hate: ["text"] });
  });
});

describe("a moderated text", () => {
  it.each([
    ["a Emulate-Moderation-MS-300, emulate-moderation-ms-900!", { delayMs: 900 }],
    ["emulate-moderation-ms-60001", { delayMs: 60_000 }],
    ["emulate-moderation-status-503.", { status: 503 }],
    ["emulate-moderation-status-200 emulate-moderation-status-5000", { delayMs: 0, status: undefined }],
    ['emulate {"moderation_ms":300,"moderation_status":429}', { text: "", delayMs: 300, status: 429 }],
    ['emulate {"text":"emulate-moderation-status-500"}\nHi', { text: "Hi", delayMs: 0, status: undefined }],
    ['<text>\nemulate {"text":"x","moderation_ms":7}\nHi\n</text>', { text: "<text>\nHi\n</text>", delayMs: 7 }],
    ['Say: emulate {"text":"x"}', { text: 'Say: emulate {"text":"x"}' }],
  ])("can script a delay or a failure: %s", (text, expected) => {
    expect(readJudgedText(text)).toMatchObject(expected);
  });

  it("does not delay the chat, or make it fail", async () => {
    const messages = scripted({ tokens: 3, moderation_ms: 60_000, moderation_status: 500 });
    expect((await complete({ messages })).choices[0]?.message.content).toBe("water runs over");
    const { choices } = await complete({ messages: [user("emulate-moderation-status-500")] });
    expect(choices[0]?.finish_reason).toBe("stop");
  });

  it.each<[unknown, object]>([
    [["Hi", "emulate-moderation-status-429"], { status: 429 }],
    [scriptedText({ moderation_status: 500 }, "Hi"), { status: 500 }],
    [undefined, { status: 400, param: "input" }],
    [[IMAGE, IMAGE], { status: 400, code: "too_many_images" }],
  ])("can be refused: %j", async (input, error) => {
    expect(await readError(await sendModeration(input))).toMatchObject(error);
    expect(await readStats()).toMatchObject({ requests: 1, failed: 1, by_path: { "/v1/moderations": 1 } });
  });

  it("that is delayed is cancelled when the caller leaves", async () => {
    const caller = new AbortController();
    const answer = sendModeration(scriptedText({ moderation_ms: 60_000 }), { signal: caller.signal });
    await repeatUntil(readStats, ({ active }) => active === 1);
    caller.abort();
    expect((await answer).status).toBe(499);
    expect(await readStats()).toMatchObject({ requests: 1, cancelled: 1, active: 0 });
  });
});
