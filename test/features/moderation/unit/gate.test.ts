// uses: slim-chat
// The moderation gate of a chat: when it opens, what waits for it, and which answers it cannot moderate.

import { afterEach, describe, expect, it, vi } from "vitest";
import type { Caller } from "../../../../src/core/gateway/call.ts";
import type { Ask, Subject } from "../../../../src/core/gateway/exchange.ts";
import { abortOnEnding } from "../../../../src/core/gateway/gate.ts";
import type { Moderation } from "../../../../src/features/moderation/catalog.ts";
import { moderationGate } from "../../../../src/features/moderation/gate.ts";
import { slimWays } from "../../../../src/features/slim-chat/exchange.ts";
import { createFakeClock } from "../../../core/support/fake-clock.ts";
import { bundledModel } from "../../../support/catalog-documents.ts";
import { refusalOf } from "../../../support/refusals.ts";
import type { Classify } from "../support/played-classifier.ts";
import { catalogWith, neverAnswers, playClassifier, scored } from "../support/played-classifier.ts";

afterEach(() => void vi.restoreAllMocks());

interface Opening {
  alias?: Partial<Moderation>;
  plan?: Partial<Moderation>;
  policy?: object;
  answer?: Classify;
  ask?: Partial<Ask>;
  subject?: Partial<Subject>;
}

const SUBJECT: Subject = { text: "How to hurt somebody", images: [] };
const DATA_URL = "data:image/png;base64,AAAA";
const MODEL = bundledModel("o4-mini");
const findsViolence = () => scored({ violence: 0.97, hate: 0.8 });

/** The gate of a chat. By default its input is moderated in parallel. */
function openedGate({ alias = { input: "parallel" }, plan, policy = {}, answer, ask, subject }: Opening = {}) {
  const { env, asked } = playClassifier(answer);
  const [way] = slimWays({ input: "Hi", model: "o4-mini", stream: true });
  const exchange = way?.prepare(MODEL);
  if (exchange?.reply.kind !== "stream") throw new Error("the chat does not stream");
  const catalog = catalogWith(policy);
  const control = new AbortController();
  const [first] = Object.values(catalog.aliases);
  const gate = moderationGate.open({
    caller: { env, catalog, requestId: "req_1" } as Caller,
    key: "k-1",
    plan: Object.assign({}, catalog.plans["free"], { moderation: plan }),
    model: { ...MODEL, aliases: [Object.assign({}, first, { moderation: { policy: "played", ...alias } })] },
    exchange: { ...exchange, ask: { ...exchange.ask, subject: { ...SUBJECT, ...subject }, ...ask } },
    control,
    clock: createFakeClock(),
  });
  return { gate, asked, control, reply: exchange.reply };
}

/** Returns whether a promise is open after all work that needs no time. */
async function isPending(promise: Promise<unknown> | undefined): Promise<boolean> {
  const pending = Symbol("pending");
  return (await Promise.race([promise, new Promise((resolve) => void setImmediate(resolve, pending))])) === pending;
}

/** The reason of a rejection; undefined when the promise resolves. */
const reasonOf = (work: Promise<unknown> | undefined): Promise<unknown> =>
  (work ?? Promise.resolve()).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );

const parameter = (name: string) => ({ kind: "parameter", endpoint: "chat_completions", name, param: name }) as const;
const WINDOW = { input: "off", output: "window" } as const;

describe("the gate", () => {
  it.each<[string, Opening]>([
    ["input and output are off", { alias: { input: "off", output: "off" } }],
    ["nothing is configured", { alias: {} }],
    ["the request is Weir's own", { alias: { input: "before", output: "window" }, ask: { subject: undefined } }],
  ])("stays closed when %s", (_when, opening) => {
    const { gate, asked } = openedGate(opening);
    expect([gate, asked]).toEqual([undefined, []]);
  });

  it("opens when the plan requires it, under the first policy that is named", async () => {
    const { gate, reply } = openedGate({ alias: { input: "off" }, plan: WINDOW, answer: findsViolence });
    expect(gate?.stream(reply)).toBeDefined();
    expect(await reasonOf(gate?.requireAllowed(() => "They kill."))).toMatchObject({ kind: "blocked" });
  });
});

describe("input moderation", () => {
  it("in parallel delays only the response", async () => {
    const { gate, asked } = openedGate({ answer: neverAnswers });
    await gate?.beforeCall;
    expect(await isPending(gate?.beforeResponse)).toBe(true);
    expect(asked).toEqual([{ model: "omni-moderation-2024-09-26", input: [SUBJECT.text] }]);
  });

  it.each<[string, Opening]>([
    ["the mode is `before`", { alias: { input: "before" } }],
    ["the plan has the mode `before`", { plan: { input: "before" } }],
    ["the answer is stored", { ask: { remains: "answer" } }],
    ["the work continues in the background", { ask: { remains: "work" } }],
    ["it has an https image", { subject: { images: [DATA_URL, "https://slow.test/1.png"] } }],
  ])("precedes the provider call when %s", async (_when, opening) => {
    expect(await isPending(openedGate({ ...opening, answer: neverAnswers }).gate?.beforeCall)).toBe(true);
    await openedGate(opening).gate?.beforeCall;
  });

  it("in parallel does not delay an image in a data URL", async () => {
    await openedGate({ subject: { images: [DATA_URL] }, answer: neverAnswers }).gate?.beforeCall;
  });

  it.each(["parallel", "before"] as const)("ends the request with the refusal (%s)", async (input) => {
    const policy = { categories: { hate: { from: 0.5, action: "review" } } };
    const { gate, control } = openedGate({ alias: { input }, policy, answer: findsViolence });
    const ending = await reasonOf(gate?.beforeResponse);
    expect(ending).toBe(control.signal.reason);
    expect(ending).toMatchObject({
      kind: "blocked",
      error: { status: 400, body: { code: "content_policy_violation", param: "input" } },
    });
    expect((ending as { error: Error }).error.message).toBe("The input is not allowed here: violence.");
    expect(await reasonOf(gate?.beforeCall)).toBe(input === "before" ? ending : undefined);
  });

  it("lets an input with the action `review` pass", async () => {
    const { gate, control } = openedGate({ policy: { otherwise: "review" }, answer: findsViolence });
    await gate?.beforeResponse;
    expect(control.signal.aborted).toBe(false);
  });

  it("ends with the request when the caller leaves", async () => {
    const { gate, control } = openedGate({ answer: neverAnswers });
    control.abort({ kind: "left" });
    expect(await reasonOf(gate?.beforeResponse)).toEqual({ kind: "left" });
  });

  it("accepts 32 images, and refuses 33", async () => {
    const images = Array.from({ length: 33 }, (_, at) => `https://pictures.test/${at}.png`);
    expect(openedGate({ subject: { images: images.slice(1) } }).gate).toBeDefined();
    expect(openedGate({ subject: { images }, alias: WINDOW }).gate).toBeDefined();
    const error = await refusalOf(() => openedGate({ subject: { images } }));
    expect(error).toMatchObject({ status: 400, body: { code: "unsupported_value", param: "input" } });
  });

  it("refuses an input of tokens, and output moderation alone does not", async () => {
    const subject = { text: "", unreadable: "prompt" };
    const error = await refusalOf(() => openedGate({ subject }));
    expect(error).toMatchObject({ status: 400, body: { code: "unsupported_value", param: "prompt" } });
    expect(openedGate({ subject, alias: WINDOW }).gate).toBeDefined();
  });
});

describe("output moderation", () => {
  it("refuses a complete answer without blaming the caller", async () => {
    const { gate, control } = openedGate({ alias: WINDOW, answer: findsViolence });
    const ending = await reasonOf(gate?.requireAllowed(() => "They kill."));
    expect(ending).toMatchObject({
      kind: "blocked",
      error: { status: 400, body: { code: "content_policy_violation", param: null } },
    });
    expect(control.signal.reason).toBe(ending);
  });

  it("moderates no answer when only the input is moderated", async () => {
    const { gate, asked, reply } = openedGate();
    await gate?.beforeResponse;
    await gate?.requireAllowed(() => "They kill.");
    expect(gate?.stream(reply)).toBeUndefined();
    expect(asked).toHaveLength(1);
  });

  const demand = { inputBytes: 2, images: 0, choices: 2, maxOutputTokens: undefined };
  it.each<[string, Partial<Ask>, string | null]>([
    ["several choices", { demand }, "n"],
    ["alternative tokens", { needs: [parameter("logprobs"), parameter("top_logprobs")] }, "top_logprobs"],
    ["a stored answer", { remains: "answer" }, null],
    ["a background response", { remains: "work" }, null],
  ])("refuses a request for %s", async (_what, ask, param) => {
    const error = await refusalOf(() => openedGate({ alias: WINDOW, ask }));
    expect(error).toMatchObject({ status: 400, body: { code: "unsupported_value", param } });
    expect(openedGate({ ask }).gate).toBeDefined();
    expect(openedGate({ alias: WINDOW, ask: { needs: [parameter("logprobs")] } }).gate).toBeDefined();
  });
});

describe("work that fails beside a request", () => {
  it("ends the request without the message of an internal error", async () => {
    const control = new AbortController();
    const ending = await reasonOf(abortOnEnding(Promise.reject(new Error("secret")), control));
    expect(ending).toBe(control.signal.reason);
    expect(ending).toMatchObject({ kind: "withheld", error: { status: 500, body: { code: "internal_error" } } });
    expect((ending as { error: Error }).error.message).not.toContain("secret");
  });
});
