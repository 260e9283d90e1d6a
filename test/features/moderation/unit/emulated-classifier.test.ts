// The emulated classifier, driven: scores, scripts that are not judged, and words that make it slow or failing.
import { beforeEach, describe, expect, it } from "vitest";
import type { Totals } from "../../../../dev/provider/kernel/exchange.ts";
import { readJudgedText } from "../../../../dev/provider/moderation/judged-text.ts";
import { complete, readError, readJson, scripted, send, user } from "../../../provider/support/client.ts";
import { scriptedInput } from "../../../provider/support/responses.ts";
import { repeatUntil } from "../../../support/repeat.ts";

interface Verdict {
  flagged: boolean;
  categories: Record<string, boolean>;
  category_scores: Record<string, number>;
}

const sendModeration = (input: unknown, init?: RequestInit) => send("POST", "/v1/moderations", { input }, init);

async function moderate(input: unknown): Promise<Verdict[]> {
  return (await readJson<{ results: Verdict[] }>(await sendModeration(input))).results;
}

/** The flag and the score of a category in the verdict on a text. */
async function judge(text: string, category: string): Promise<unknown[]> {
  const [verdict] = await moderate(text);
  return [verdict?.categories[category], verdict?.category_scores[category]];
}

async function readStats(): Promise<Totals> {
  return readJson<Totals>(await send("GET", "/__stats"));
}

describe("scores", () => {
  const harmless = [false, expect.toSatisfy((score: number) => score < 0.01)];

  it.each([
    ["emulate-violence", "violence", [true, 0.97]],
    ["emulate-violence-0.4", "violence", [false, 0.4]],
    ["emulate-violence-0.499", "violence", [false, 0.499]],
    ["emulate-violence-0.5", "violence", [true, 0.5]],
    ["Emulate-Violence-0.75.", "violence", [true, 0.75]],
    ["emulate-violence-0", "violence", [false, 0]],
    ["emulate-violence-1", "violence", [true, 1]],
    ["emulate-self-harm-intent-0.6", "self-harm/intent", [true, 0.6]],
    ["emulate-violence-0.4", "hate", harmless],
    // What is no score from 0 to 1 is none.
    ["emulate-violence-2", "violence", [true, 0.97]],
    ["emulate-violence-1.5", "violence", [true, 0.97]],
    ["emulate-violence-05", "violence", [true, 0.97]],
    // The highest counts; a narrower category counts for the wider one, unless that is named itself.
    ["emulate-hate-0.2 emulate-hate-0.6 emulate-hate-0.3", "hate", [true, 0.6]],
    ["emulate-hate-threatening-0.4", "hate", [false, 0.4]],
    ["emulate-hate-threatening-0.9 emulate-hate-0.1", "hate", [false, 0.1]],
    ["emulate-hate-threatening-0.9 emulate-hate-0.1", "hate/threatening", [true, 0.9]],
    ["emulate-hate-0.9", "hate/threatening", harmless],
  ])("%s: %s", async (text, category, expected) => {
    expect(await judge(text, category)).toEqual(expected);
  });

  it("flag the whole only when they flag a category", async () => {
    const verdicts = await moderate(["emulate-violence-0.4", "emulate-violence-0.4 emulate-sexual-0.5"]);
    expect(verdicts.map((verdict) => verdict.flagged)).toEqual([false, true]);
  });
});

describe("a script", () => {
  it("is not judged, and the text below it is", async () => {
    const text = "emulate-violence";
    const inputs = [scriptedInput({ text }), scriptedInput({ text }, "emulate-hate"), text];
    const flagged = (await moderate(inputs)).map(({ categories }) => [categories["violence"], categories["hate"]]);
    expect(flagged).toEqual([
      [false, false],
      [false, true],
      [true, false],
    ]);
  });

  it("is not judged in a part of text beside an image either", async () => {
    const image = { type: "image_url", image_url: { url: "https://example.com/lake.png" } };
    const [verdict] = await moderate([{ type: "text", text: scriptedInput({ text: "emulate-violence" }) }, image]);
    expect(verdict?.flagged).toBe(false);
  });

  it("may be wrong: to refuse it is not the classifier's business", async () => {
    const [verdict] = await moderate('emulate {"tokens":-1,"text":"emulate-violence"}\nemulate-hate');
    expect([verdict?.categories["violence"], verdict?.categories["hate"]]).toEqual([false, true]);
  });
});

describe("what a text wants of its judge", () => {
  const nothing = { delayMs: 0, status: undefined };
  it.each([
    ["Hello", { text: "Hello", ...nothing }],
    ["emulate-moderation-ms-300", { delayMs: 300 }],
    ["a Emulate-Moderation-MS-300, emulate-moderation-ms-900!", { delayMs: 900 }],
    ["emulate-moderation-ms-60001", { delayMs: 60_000 }],
    ["emulate-moderation-status-503.", { status: 503 }],
    ["emulate-moderation-status-200 emulate-moderation-status-5000", nothing],
    ['emulate {"moderation_ms":300,"moderation_status":429}', { text: "", delayMs: 300, status: 429 }],
    ['emulate {"moderation_ms":300}\nemulate-moderation-ms-200', { text: "emulate-moderation-ms-200", delayMs: 300 }],
    ['emulate {"text":"emulate-moderation-ms-300 emulate-moderation-status-500"}\nHi', { text: "Hi", ...nothing }],
    // Wherever a line is a script: what is judged may stand in a frame, or be several messages.
    ['<text>\nemulate {"text":"x","moderation_ms":7}\nHi\n</text>', { text: "<text>\nHi\n</text>", delayMs: 7 }],
    ['Say: emulate {"text":"x"}', { text: 'Say: emulate {"text":"x"}' }],
  ])("%s", (text, expected) => {
    expect(readJudgedText(text)).toMatchObject(expected);
  });

  it("changes nothing for the model that answers it", async () => {
    const script = { tokens: 3, moderation_ms: 60_000, moderation_status: 500 };
    expect((await complete({ messages: scripted(script) })).choices[0]?.message.content).toBe("water runs over");
    const { choices } = await complete({ messages: [user("emulate-moderation-status-500")] });
    expect(choices[0]?.finish_reason).toBe("stop");
  });
});

it("the classifier takes one image at a time, in base64 or from the web", async () => {
  const image = { type: "image_url", image_url: { url: "https://example.com/lake.png" } };
  const refused = { status: 400, code: "too_many_images", param: "input" };
  expect(await readError(await sendModeration([image, image]))).toMatchObject(refused);
  expect(await moderate([{ type: "text", text: "Hi" }, image])).toHaveLength(1);
  const broken = { ...image, image_url: { url: "data:image/png;base64,A" } };
  const notRead = { status: 400, code: "invalid_image_url", param: "input[0].image_url.url" };
  expect(await readError(await sendModeration([broken]))).toMatchObject(notRead);
});

describe("a slow or failing classifier", () => {
  beforeEach(async () => {
    await send("DELETE", "/__stats");
  });

  it("fails with the status that one of the texts or a script wants", async () => {
    const inputs = ["emulate-moderation-status-500", ["Hi", "emulate-moderation-status-500"]];
    for (const input of [...inputs, scriptedInput({ moderation_status: 500 }, "Hi")]) {
      const expected = { status: 500, type: "server_error", param: null, code: null, message: expect.any(String) };
      expect(await readError(await sendModeration(input))).toEqual(expected);
    }
    const limited = await readError(await sendModeration("emulate-moderation-status-429"));
    expect(limited).toMatchObject({ status: 429, code: "rate_limit_exceeded" });
    expect(await readStats()).toMatchObject({ requests: 4, failed: 4, active: 0, by_path: { "/v1/moderations": 4 } });
  });

  it("waits before it answers, and before it fails", async () => {
    for (const [text, status] of [
      ["emulate-moderation-ms-30", 200],
      ["emulate-moderation-ms-30 emulate-moderation-status-500", 500],
    ] as const) {
      const startedAt = performance.now();
      expect((await sendModeration(["Hi", text])).status).toBe(status);
      // Timers count whole milliseconds, and may be early by less than one.
      expect(performance.now() - startedAt).toBeGreaterThan(28);
    }
    expect(await readStats()).toMatchObject({ requests: 2, completed: 1, failed: 1, tokens_out: 0 });
  });

  it("sees a caller who leaves meanwhile", async () => {
    for (const input of ["emulate-moderation-ms-60000", scriptedInput({ moderation_ms: 60_000 })]) {
      const caller = new AbortController();
      const answer = sendModeration(input, { signal: caller.signal });
      await repeatUntil(readStats, ({ active }) => active === 1);
      caller.abort();
      expect((await answer).status).toBe(499);
    }
    expect(await readStats()).toMatchObject({ requests: 2, cancelled: 2, active: 0 });
  });
});
