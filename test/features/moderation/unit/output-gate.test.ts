// uses: chat-completions, responses, slim-chat, stored-responses
// Output moderation: whole answers, windows of streams, and answers that could be read past both.

import { afterEach, describe, expect, it, vi } from "vitest";
import { passChat, slimChat } from "../../../../src/features/chat-completions/exchange.ts";
import { passResponses } from "../../../../src/features/responses/exchange.ts";
import { bundledModel } from "../../../support/catalog-documents.ts";
import { chatRequest } from "../../../dialects/support/chat-requests.ts";
import { slimRequest } from "../../slim-chat/support/slim-requests.ts";
import { findsViolence, openedGates, reasonOf } from "../support/opened-gates.ts";
import type { playClassifier } from "../support/played-classifier.ts";
import { fallsSilent, says } from "../support/played-classifier.ts";
import { refusalOf } from "../../../support/refusals.ts";
import { catalogAllowing, EVERYTHING, responsesRequest } from "../../../dialects/support/responses-requests.ts";
import { STAMP } from "../../responses/support/responses-exchanges.ts";
import { prepared } from "../../../support/ways.ts";

afterEach(() => void vi.restoreAllMocks());

const moderation = { input: "off", output: "window" } as const;
const MODEL = bundledModel("o4-mini");
const slim = () => prepared(slimChat(slimRequest()), MODEL);
const inResponses = (changes: Record<string, unknown>) =>
  prepared(passResponses(responsesRequest(changes), STAMP), MODEL, catalogAllowing(EVERYTHING));

/** A gate whose windows the classifier judges so. */
const gateWith = (answer: Parameters<typeof playClassifier>[0] = () => says(), policy = {}) => {
  const { gates, asked, control } = openedGates({ moderation, policy, answer });
  const { gate } = gates.stream(slim());
  if (!gate) throw new Error("nothing is judged");
  return { gate, asked, control };
};

const findsKilling = (input: string) => (input.includes("kill") ? findsViolence() : says());
const fails = () => new Response("", { status: 500 });
const refuses = () => new Response("", { status: 400 });

describe("the gate of the output", () => {
  it("refuses a whole answer that is blocked, as no fault of the caller", async () => {
    const { gates, control } = openedGates({ moderation, answer: findsViolence });
    const ending = await reasonOf(gates.requireAllowed("They kill."));
    expect(ending).toMatchObject({
      kind: "blocked",
      error: { status: 400, body: { code: "content_policy_violation", param: null } },
    });
    expect(control.signal.reason).toBe(ending);
  });

  it("does not classify an answer where it is off", async () => {
    const { gates, asked, exchange } = openedGates({ moderation: { input: "off" } });
    await gates.requireAllowed("They kill.");
    expect([asked, gates.stream(exchange).gate]).toEqual([[], undefined]);
  });

  it("is on as soon as alias or plan want it, under the policy that is named first", async () => {
    const { gates, asked } = openedGates({
      moderation: { input: "off" },
      others: [{ output: "window", policy: "nobody's" }],
      answer: findsViolence,
    });
    expect(gates.stream(slim()).gate).toBeDefined();
    expect(await reasonOf(gates.requireAllowed("They kill."))).toMatchObject({ kind: "blocked" });
    expect(asked).toHaveLength(1);
  });

  it("shows the classifier the windows of a stream, cut as the policy says", async () => {
    const { gate, asked, control } = gateWith(findsKilling, { window: { max_chars: 6 } });
    gate.windows.add("Rivers rise", 0);
    expect(gate.windows.next(0)).toBe("Rivers");
    expect(await gate.judge("Rivers")).toBeUndefined();
    expect(await gate.judge("They kill.")).toMatchObject({
      kind: "blocked",
      error: { status: 400, body: { code: "content_policy_violation", param: null } },
    });
    expect(asked.map(({ input }) => input)).toEqual([["Rivers"], ["They kill."]]);
    expect(control.signal.aborted).toBe(false);
  });

  it("fails a stream whose classifier fails, unless the policy allows it then", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
    expect(await gateWith(fails).gate.judge("Rivers")).toMatchObject({
      kind: "failed",
      error: { status: 503, body: { code: "moderation_unavailable" } },
    });
    expect(await gateWith(fails, { on_failure: "allow" }).gate.judge("Rivers")).toBeUndefined();
    expect(await gateWith(refuses, { on_failure: "allow" }).gate.judge("Rivers")).toMatchObject({
      kind: "blocked",
      error: { message: "The output cannot be moderated, so it is blocked." },
    });
  });

  it("gives no verdict after the flow has ended", async () => {
    const { gate, control } = gateWith(fallsSilent);
    const verdict = reasonOf(gate.judge("Rivers"));
    control.abort({ kind: "left" });
    expect(await verdict).toEqual({ kind: "left" });
  });
});

describe("an answer that could be read past its windows", () => {
  it("is refused with several choices, before the provider is called", async () => {
    const request = { n: 2 };
    const error = await refusalOf(() => openedGates({ moderation: { ...moderation, input: "before" }, request }));
    expect(error).toMatchObject({ status: 400, body: { code: "unsupported_value", param: "n" } });
    expect(() => openedGates({ moderation: { input: "parallel" }, request })).not.toThrow();
    expect(() => openedGates({ moderation, request: { n: 1 } })).not.toThrow();
  });

  it("is refused with top_logprobs", async () => {
    const weighed = prepared(passChat(chatRequest({ logprobs: true, top_logprobs: 2 })), MODEL);
    const error = await refusalOf(() => openedGates({ moderation, exchange: weighed }));
    expect(error).toMatchObject({ status: 400, body: { code: "unsupported_value", param: "top_logprobs" } });
    const said = prepared(passChat(chatRequest({ logprobs: true })), MODEL);
    expect(() => openedGates({ moderation, exchange: said })).not.toThrow();
  });

  it.each([{ store: true }, { store: true, background: true }])(
    "is refused where it is stored: %j",
    async (changes) => {
      const exchange = inResponses(changes);
      const error = await refusalOf(() => openedGates({ moderation, exchange }));
      expect(error).toMatchObject({ status: 400, body: { code: "unsupported_value" } });
      expect(() => openedGates({ moderation: { input: "parallel" }, exchange })).not.toThrow();
      expect(() => openedGates({ moderation, exchange: inResponses({}) })).not.toThrow();
    },
  );
});
