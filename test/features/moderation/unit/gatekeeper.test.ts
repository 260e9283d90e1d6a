// The moderation decision: verdicts, failures of the classifier, subjects that it rejects, and the log.

import { afterEach, describe, expect, it, vi } from "vitest";
import { refusalFor } from "../../../../src/features/moderation/gatekeeper.ts";
import { watchLog } from "../../../support/log-lines.ts";
import type { Classify } from "../support/played-classifier.ts";
import { keeperOf, neverAnswers, scored } from "../support/played-classifier.ts";
import { resultOf } from "../support/policies.ts";

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const SECRET = "The secret way to hurt somebody";
const refusal = (answer: Classify, policy = {}, side: "input" | "output" = "input", images: string[] = []) =>
  refusalFor(keeperOf(answer, policy), side, { text: SECRET, images });

/** Watches the log, which stays quiet. `text` is everything that was logged. */
function quietLog() {
  const lines = watchLog();
  const spies = [vi.spyOn(console, "log"), vi.spyOn(console, "warn")].map((spy) =>
    spy.mockImplementation(() => undefined),
  );
  return { lines, text: () => JSON.stringify(spies.flatMap(({ mock }) => mock.calls)) };
}

describe("a classifier that fails", () => {
  it.each<[string, Classify]>([
    ["with a 500", () => Response.json({ error: { message: SECRET } }, { status: 500 })],
    ["with a refused key", () => new Response("", { status: 401 })],
    ["with a rate limit", () => new Response("", { status: 429 })],
    ["with a broken connection", () => Promise.reject(new Error(SECRET))],
    ["with HTML", () => new Response(`<html>${SECRET}</html>`)],
    ["with no result", () => Response.json({ results: [] })],
    ["with a result of another shape", () => Response.json({ results: [{ flagged: SECRET }] })],
  ])("%s withholds the request, unless `on_failure` is `allow`", async (_how, answer) => {
    const log = quietLog();
    expect(await refusal(answer)).toMatchObject({
      kind: "withheld",
      error: { status: 503, body: { code: "moderation_unavailable" } },
    });
    expect(await refusal(answer, { on_failure: "allow" })).toBeUndefined();
    expect(log.lines("moderated").map((line) => line["on_failure"])).toEqual(["block", "allow"]);
    expect(log.text()).not.toContain("secret");
  });

  it("to answer within 10 s withholds the request", async () => {
    quietLog();
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const work = refusal(neverAnswers);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await work).toMatchObject({ kind: "withheld", error: { status: 503 } });
    expect(vi.getTimerCount()).toBe(0);
  });
});

it("a request that ends during the moderation has no verdict and no log line", async () => {
  const log = quietLog();
  const control = new AbortController();
  const keeper = { ...keeperOf(neverAnswers), signal: control.signal };
  const work = refusalFor(keeper, "input", { text: SECRET, images: [] });
  control.abort({ kind: "left" });
  await expect(work).rejects.toEqual({ kind: "left" });
  expect(log.lines("moderated")).toEqual([]);
});

describe("a subject that the classifier rejects", () => {
  it.each([400, 413, 415, 422])("is blocked for every `on_failure` (status %i)", async (status) => {
    const log = quietLog();
    for (const [side, param] of [
      ["input", "input"],
      ["output", null],
    ] as const) {
      const rejects = () => Response.json({ error: { message: SECRET, code: "too_long" } }, { status });
      const blocked = await refusal(rejects, { on_failure: side === "input" ? "allow" : "block" }, side);
      const body = { code: "content_policy_violation", param };
      expect(blocked).toMatchObject({ kind: "blocked", error: { status: 400, body } });
      expect(blocked?.error.message).toBe(`The ${side} cannot be moderated, so it is blocked.`);
    }
    expect(log.text()).not.toContain("secret");
  });
});

describe("a verdict", () => {
  it.each([["one.png"], ["two.png"]])("on %s decides the whole subject", async (bad) => {
    quietLog();
    const answer = (input: string) => (input.includes(bad) ? scored({ violence: 0.97 }) : scored());
    const images = ["https://pictures.test/one.png", "https://pictures.test/two.png"];
    expect(await refusal(answer, {}, "input", images)).toMatchObject({ kind: "blocked" });
    const rejects = (input: string) => (input.includes(bad) ? new Response("", { status: 400 }) : scored());
    expect(await refusal(rejects, { on_failure: "allow" }, "input", images)).toMatchObject({ kind: "blocked" });
  });

  it("is needed for images without a text", async () => {
    quietLog();
    const keeper = keeperOf((input) => (input.includes("one.png") ? scored({ violence: 0.97 }) : scored()));
    const subject = { text: "", images: ["https://pictures.test/one.png"] };
    expect(await refusalFor(keeper, "input", subject)).toMatchObject({ kind: "blocked" });
  });

  it("without a category blocks with a message without names", async () => {
    quietLog();
    const blocked = await refusal(() => Response.json({ results: [{ ...resultOf(), flagged: true }] }));
    expect(blocked).toMatchObject({ kind: "blocked", error: { message: "The input is not allowed here." } });
  });

  it("is not needed for an empty subject", async () => {
    const keeper = keeperOf(() => scored({ violence: 1 }));
    expect(await refusalFor(keeper, "input", { text: "", images: [] })).toBeUndefined();
  });

  it.each([
    ["block", {}],
    ["review", { otherwise: "review" }],
  ])("is logged with its categories and without the text: %s", async (action, policy) => {
    const log = quietLog();
    await refusal(() => scored({ violence: 0.97 }), policy);
    const categories = [{ name: "violence", score: 0.97, action }];
    expect(log.lines("moderated")).toEqual([
      { event: "moderated", request: "req_1", side: "input", action, flagged: true, categories },
    ]);
    expect(log.text()).not.toContain("secret");
  });

  it("is not logged when it allows", async () => {
    const log = quietLog();
    expect(await refusal(() => scored())).toBeUndefined();
    expect(log.lines("moderated")).toEqual([]);
  });
});
