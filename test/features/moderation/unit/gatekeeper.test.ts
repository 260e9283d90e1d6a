// uses: chat-completions
// Requests whose classifier fails or refuses, and the log line of a verdict.

import { afterEach, describe, expect, it, vi } from "vitest";
import type { Opening } from "../support/opened-gates.ts";
import { isPending, openedGates, reasonOf, SAID } from "../support/opened-gates.ts";
import { watchLog } from "../../../support/log-lines.ts";
import { fallsSilent, says } from "../support/played-classifier.ts";
import { resultOf } from "../support/policies.ts";

afterEach(() => void vi.restoreAllMocks());

const quietly = () => vi.spyOn(console, "warn").mockImplementation(() => undefined);
const answering = (answer: Opening["answer"], policy = {}) => openedGates({ policy, ...(answer ? { answer } : {}) });

describe("a classifier that fails", () => {
  const failures: [string, Opening["answer"]][] = [
    ["with an error", () => Response.json({ error: { message: SAID } }, { status: 500 })],
    ["by refusing the key", () => new Response("", { status: 401 })],
    ["by being busy", () => new Response("", { status: 429 })],
    ["by breaking off", () => Promise.reject(new Error(SAID))],
    ["with no JSON", () => new Response(`<html>${SAID}</html>`)],
    ["with no result", () => Response.json({ results: [] })],
    ["with a result of another shape", () => Response.json({ results: [{ flagged: SAID }] })],
  ];

  it.each(failures)(
    "%s fails the request, unless the policy allows it then, and tells no content",
    async (_how, answer) => {
      const logged = watchLog();
      const warned = quietly();
      const ending = await reasonOf(answering(answer).gates.input);
      expect(ending).toMatchObject({
        kind: "failed",
        error: { status: 503, body: { code: "moderation_unavailable" } },
      });
      const { gates, control } = answering(answer, { on_failure: "allow" });
      await gates.input;
      expect(control.signal.aborted).toBe(false);
      expect(logged("moderated").map((line) => line["on_failure"])).toEqual(["block", "allow"]);
      expect(JSON.stringify(warned.mock.calls)).not.toContain("secret");
    },
  );

  it("that times out fails the request", async () => {
    quietly();
    const late = new AbortController();
    const timeout = vi.spyOn(AbortSignal, "timeout").mockReturnValue(late.signal);
    const { gates } = openedGates({ answer: fallsSilent });
    expect(await isPending(gates.input)).toBe(true);
    expect(timeout).toHaveBeenCalledWith(10_000);
    late.abort(new DOMException("It took too long.", "TimeoutError"));
    expect(await reasonOf(gates.input)).toMatchObject({ kind: "failed", error: { status: 503 } });
  });
});

describe("a classifier that flags without a category", () => {
  it("blocks, with nothing to name", async () => {
    const { gates } = answering(() => Response.json({ results: [{ ...resultOf(), flagged: true }] }));
    const ending = await reasonOf(gates.input);
    expect(ending).toMatchObject({ kind: "blocked", error: { body: { message: "The input is not allowed here." } } });
  });
});

describe("a classifier that refuses its input", () => {
  it.each([400, 413, 415, 422])("blocks, whatever the policy says of failures: %i", async (status) => {
    const warned = quietly();
    for (const on_failure of ["block", "allow"]) {
      const refuses = () => Response.json({ error: { message: SAID, code: "too_long" } }, { status });
      const ending = await reasonOf(answering(refuses, { on_failure }).gates.input);
      expect(ending).toMatchObject({
        kind: "blocked",
        error: { status: 400, body: { code: "content_policy_violation", param: "input" } },
      });
      expect((ending as { error: Error }).error.message).toBe("The input cannot be moderated, so it is blocked.");
    }
    expect(JSON.stringify(warned.mock.calls)).not.toContain("secret");
  });

  it("at one picture blocks the whole request", async () => {
    quietly();
    const content = [
      { type: "text", text: "Hi" },
      { type: "image_url", image_url: { url: "https://pictures.test/1.png" } },
    ];
    const { gates } = openedGates({
      request: { messages: [{ role: "user", content }] },
      policy: { on_failure: "allow" },
      answer: (input) => (input.includes("1.png") ? new Response("", { status: 400 }) : says()),
    });
    expect(await reasonOf(gates.input)).toMatchObject({ kind: "blocked" });
  });
});

describe("the log of a verdict", () => {
  it.each([
    ["block", {}],
    ["review", { otherwise: "review" }],
  ])("has the categories and the user, and no text: %s", async (action, policy) => {
    const logged = watchLog();
    const told = vi.spyOn(console, "log").mockImplementation(() => undefined);
    await reasonOf(answering(() => says({ violence: 0.97 }), policy).gates.input);
    const categories = [{ name: "violence", score: 0.97, action }];
    expect(logged("moderated")).toEqual([
      { event: "moderated", request: "req_1", side: "input", action, flagged: true, categories },
    ]);
    expect(JSON.stringify(told.mock.calls)).not.toContain("secret");
  });

  it("has no line for an allowed text", async () => {
    const logged = watchLog();
    await openedGates().gates.input;
    expect(logged("moderated")).toEqual([]);
  });
});
