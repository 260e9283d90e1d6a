// What of a chat is judged before and beside its answer, and what its caller is told of it.

import { afterEach, describe, expect, it, vi } from "vitest";
import type { Moderation } from "../../../src/catalog/policy.ts";
import { passChat, slimChat } from "../../../src/endpoints/chat-exchange.ts";
import { apiError } from "../../../src/errors.ts";
import { openGates } from "../../../src/metering/gates.ts";
import { bundledModel } from "../../support/catalog-documents.ts";
import { chatRequest, slimRequest } from "../../support/chat-requests.ts";
import { createFakeClock } from "../../support/fake-clock.ts";
import { watchLog } from "../../support/log-lines.ts";
import { catalogWith, fallsSilent, playClassifier, says } from "../../support/played-classifier.ts";
import { policyOf } from "../../support/policies.ts";
import { refusalOf } from "../../support/refusals.ts";
import { prepared } from "../../support/ways.ts";

afterEach(() => void vi.restoreAllMocks());

const SAID = "The secret way to hurt somebody";

interface Opening {
  moderation?: Partial<Moderation> | undefined;
  policy?: Record<string, unknown>;
  answer?: Parameters<typeof playClassifier>[0];
  beside?: () => Promise<void>;
  request?: Record<string, unknown>;
}

/** The gates of a chat that says SAID, of which the input is judged beside the answer unless told otherwise. */
function open({ moderation, policy = {}, answer, beside, request = {} }: Opening = {}) {
  const { env, asked } = playClassifier(answer);
  const control = new AbortController();
  const messages = [{ role: "user", content: SAID }];
  const exchange = prepared(passChat(chatRequest({ messages, ...request })), bundledModel("o4-mini"));
  const duty = {
    env,
    catalog: catalogWith("played", policyOf(policy)),
    moderation: { input: "parallel", output: "off", policy: "played", ...moderation } satisfies Moderation,
    requestId: "req_1",
    beside,
    clock: createFakeClock(),
  };
  return { gates: openGates(duty, exchange, control), asked, control, exchange, duty };
}
const violent = () => says({ violence: 0.97, hate: 0.8 });
const isPending = async (promise: Promise<unknown>) => {
  const pending = Symbol("pending");
  return (await Promise.race([promise, new Promise((resolve) => void setImmediate(resolve, pending))])) === pending;
};
const reasonOf = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );

describe("the gate of the input", () => {
  it("does not ask where it is off, nor where there is no moderation", async () => {
    const { gates, asked, exchange, control, duty } = open({ moderation: { input: "off" } });
    const none = openGates({ ...duty, moderation: undefined }, exchange, control);
    await Promise.all([gates.ahead, gates.input, none.ahead, none.input, none.requireAllowed("They kill.")]);
    expect(asked).toEqual([]);
  });

  it("asks at once where it is parallel, and only the answer waits for it", async () => {
    const { gates, asked } = open({ answer: fallsSilent });
    await gates.ahead;
    expect(await isPending(gates.input)).toBe(true);
    expect(asked).toEqual([{ model: "omni-moderation-2024-09-26", input: [SAID] }]);
  });

  it("is waited for before the provider is asked where it is before", async () => {
    const { gates } = open({ moderation: { input: "before" }, answer: fallsSilent });
    expect(await isPending(gates.ahead)).toBe(true);
    await open({ moderation: { input: "before" } }).gates.ahead;
  });

  it.each(["parallel", "before"] as const)(
    "that is %s refuses with what is blocked, and ends the flow",
    async (input) => {
      const policy = { categories: { hate: { from: 0.5, action: "review" } } };
      const { gates, control } = open({ moderation: { input }, policy, answer: violent });
      const ending = await reasonOf(gates.input);
      expect(ending).toBe(control.signal.reason);
      expect(ending).toMatchObject({
        kind: "blocked",
        error: { status: 400, body: { code: "content_policy_violation", param: "input" } },
      });
      const { error } = ending as { error: Error };
      expect(error.message).toBe("The input is not allowed here: violence.");
      if (input === "before") expect(await reasonOf(gates.ahead)).toBe(ending);
    },
  );

  it("lets pass what is for review", async () => {
    const { gates, control } = open({ policy: { otherwise: "review" }, answer: violent });
    await gates.input;
    expect(control.signal.aborted).toBe(false);
  });

  it("asks nobody about a request that says nothing", async () => {
    const { gates, asked } = open({ request: { messages: [{ role: "user", content: "" }] } });
    await gates.input;
    expect(asked).toEqual([]);
  });

  it("shows pictures with the text", async () => {
    const url = "https://pictures.test/1.png";
    const content = [
      { type: "text", text: "Hi" },
      { type: "image_url", image_url: { url } },
    ];
    const { gates, asked } = open({ request: { messages: [{ role: "user", content }] } });
    await gates.input;
    expect(asked[0]?.input).toEqual(content);
  });

  it("ends with the flow when the caller leaves", async () => {
    const { gates, control } = open({ answer: fallsSilent });
    control.abort({ kind: "left" });
    expect(await reasonOf(gates.input)).toEqual({ kind: "left" });
  });
});

describe("a classifier that fails", () => {
  const failures: [string, Opening["answer"]][] = [
    ["with an error", () => Response.json({ error: { message: SAID } }, { status: 500 })],
    ["by refusing the key", () => new Response("", { status: 401 })],
    ["by breaking off", () => Promise.reject(new Error(SAID))],
    ["with no JSON", () => new Response(`<html>${SAID}</html>`)],
    ["with no result", () => Response.json({ results: [] })],
    ["with a result of another shape", () => Response.json({ results: [{ flagged: SAID }] })],
  ];

  it.each(failures)(
    "%s refuses the input, unless the policy allows it then, and tells no content",
    async (_how, answer) => {
      const logged = watchLog();
      const warned = vi.spyOn(console, "warn").mockImplementation(() => undefined);
      const ending = await reasonOf(open(answer ? { answer } : {}).gates.input);
      expect(ending).toMatchObject({
        kind: "blocked",
        error: { status: 503, body: { code: "moderation_unavailable" } },
      });
      const { gates, control } = open({ policy: { on_failure: "allow" }, ...(answer ? { answer } : {}) });
      await gates.input;
      expect(control.signal.aborted).toBe(false);
      expect(logged("moderated").map((line) => line["on_failure"])).toEqual(["block", "allow"]);
      expect(JSON.stringify(warned.mock.calls)).not.toContain("secret");
    },
  );

  it("by being silent for too long refuses the input", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const late = new AbortController();
    const timeout = vi.spyOn(AbortSignal, "timeout").mockReturnValue(late.signal);
    const { gates } = open({ answer: fallsSilent });
    expect(await isPending(gates.input)).toBe(true);
    expect(timeout).toHaveBeenCalledWith(10_000);
    late.abort(new DOMException("It took too long.", "TimeoutError"));
    expect(await reasonOf(gates.input)).toMatchObject({ kind: "blocked", error: { status: 503 } });
  });
});

describe("the log of a verdict", () => {
  it.each([
    ["block", {}],
    ["review", { otherwise: "review" }],
  ])("has what was found and whose request it was, and nothing that was said: %s", async (action, policy) => {
    const logged = watchLog();
    const told = vi.spyOn(console, "log").mockImplementation(() => undefined);
    await reasonOf(open({ policy, answer: () => says({ violence: 0.97 }) }).gates.input);
    const categories = [{ name: "violence", score: 0.97, action }];
    expect(logged("moderated")).toEqual([
      { event: "moderated", request: "req_1", side: "input", action, flagged: true, categories },
    ]);
    expect(JSON.stringify(told.mock.calls)).not.toContain("secret");
  });

  it("has no line of what is allowed", async () => {
    const logged = watchLog();
    await open().gates.input;
    expect(logged("moderated")).toEqual([]);
  });
});

describe("the gate of the output", () => {
  const moderation = { input: "off", output: "window" } as const;

  it("refuses a whole answer that is not allowed, and not for what the caller sent", async () => {
    const { gates, control } = open({ moderation, answer: violent });
    const ending = await reasonOf(gates.requireAllowed("They kill."));
    expect(ending).toMatchObject({
      kind: "blocked",
      error: { body: { code: "content_policy_violation", param: null } },
    });
    expect(control.signal.reason).toBe(ending);
  });

  it("does not ask about an answer where it is off", async () => {
    const { gates, asked, exchange } = open({ moderation: { input: "off" } });
    await gates.requireAllowed("They kill.");
    expect([asked, gates.stream(exchange).gate]).toEqual([[], undefined]);
  });

  it("shows the classifier the windows of a stream, cut as the policy says", async () => {
    const policy = { window: { max_chars: 6 } };
    const { gates, asked } = open({
      moderation,
      policy,
      answer: (input) => (input.includes("kill") ? violent() : says()),
    });
    const { gate } = gates.stream(prepared(slimChat(slimRequest()), bundledModel("o4-mini")));
    gate?.windows.add("Rivers rise", 0);
    expect(gate?.windows.next(0)).toBe("Rivers");
    expect(await gate?.judge("Rivers")).toBeUndefined();
    expect(await gate?.judge("They kill.")).toMatchObject({ status: 400, body: { code: "content_policy_violation" } });
    expect(asked.map(({ input }) => input)).toEqual([["Rivers"], ["They kill."]]);
  });

  it("takes one answer at a time", async () => {
    const { gates, control } = open({ moderation, request: { n: 2 } });
    expect(control.signal.reason).toMatchObject({
      kind: "failed",
      error: { status: 400, body: { code: "unsupported_value", param: "n" } },
    });
    await gates.input;
    expect(open({ moderation: { input: "off" }, request: { n: 2 } }).control.signal.aborted).toBe(false);
    expect(open({ moderation, request: { n: 1 } }).control.signal.aborted).toBe(false);
  });
});

describe("work beside an answer", () => {
  it("is waited for with the input, with and without moderation", async () => {
    const work = Promise.withResolvers<void>();
    const { gates, duty, exchange, control } = open({ beside: () => work.promise });
    const none = openGates({ ...duty, moderation: undefined }, exchange, control);
    expect([await isPending(gates.input), await isPending(none.input)]).toEqual([true, true]);
    work.resolve();
    await Promise.all([gates.input, none.input]);
  });

  it.each([
    [apiError("moderation_unavailable", "No."), "moderation_unavailable"],
    [new Error("secret"), "internal_error"],
  ])("that fails ends the flow: %s", async (thrown, code) => {
    const { gates, control } = open({ beside: () => Promise.reject(thrown) });
    expect(await reasonOf(gates.input)).toBe(thrown);
    const { kind, error } = control.signal.reason as { kind: string; error: Error & { body: object } };
    expect([kind, error.body]).toMatchObject(["failed", { code }]);
    expect(error.message).not.toContain("secret");
  });

  it("that nobody waits for any more fails in silence", async () => {
    const { control } = open({ beside: () => Promise.reject(apiError("provider_error", "No.")) });
    await new Promise((resolve) => void setImmediate(resolve));
    expect((await refusalOf(() => Promise.reject((control.signal.reason as { error: Error }).error))).status).toBe(502);
  });
});
