// uses: chat-completions, responses, stored-responses
// Input moderation: before or beside the answer, and requests without it.

import { afterEach, describe, expect, it, vi } from "vitest";
import { passResponses } from "../../../../src/features/responses/exchange.ts";
import { passModeration } from "../../../../src/features/moderation/classifier-wire.ts";
import { apiError } from "../../../../src/core/errors.ts";
import { openGates } from "../../../../src/features/moderation/gates.ts";
import { bundledModel } from "../../../support/catalog-documents.ts";
import { findsViolence, isPending, openedGates, reasonOf, SAID } from "../support/opened-gates.ts";
import { fallsSilent } from "../support/played-classifier.ts";
import { refusalOf } from "../../../support/refusals.ts";
import { catalogAllowing, EVERYTHING, responsesRequest } from "../../../dialects/support/responses-requests.ts";
import { STAMP } from "../../responses/support/responses-exchanges.ts";
import { prepared } from "../../../support/ways.ts";

afterEach(() => void vi.restoreAllMocks());

const chatPicture = (name: string) => ({ type: "image_url", image_url: { url: `https://pictures.test/${name}.png` } });

describe("the gate of the input", () => {
  it("does not classify where it is off or not configured", async () => {
    const { gates, asked, exchange, control, duty } = openedGates({ moderation: { input: "off" } });
    for (const moderations of [[], [undefined, {}]]) {
      const none = openGates({ ...duty, moderations }, exchange, control);
      await Promise.all([none.ahead, none.input, none.requireAllowed("They kill.")]);
    }
    await Promise.all([gates.ahead, gates.input]);
    expect(asked).toEqual([]);
  });

  it("classifies in parallel to the provider, and only the answer waits for it", async () => {
    const { gates, asked } = openedGates({ answer: fallsSilent });
    await gates.ahead;
    expect(await isPending(gates.input)).toBe(true);
    expect(asked).toEqual([{ model: "omni-moderation-2024-09-26", input: [SAID] }]);
  });

  it("finishes before the provider is called in the mode 'before'", async () => {
    const before = { input: "before" } as const;
    expect(await isPending(openedGates({ moderation: before, answer: fallsSilent }).gates.ahead)).toBe(true);
    expect(await isPending(openedGates({ others: [before], answer: fallsSilent }).gates.ahead)).toBe(true);
    await openedGates({ moderation: before, others: [{ input: "parallel" }] }).gates.ahead;
  });

  it.each([
    ["goes on without its caller", { background: true, store: true }],
    ["is kept", { store: true }],
    ["is added to a conversation", { conversation: "conv_1" }],
  ])("is waited for before work begins that %s", async (_what, changes) => {
    const asked = passResponses(responsesRequest(changes), STAMP);
    const exchange = prepared(asked, bundledModel("o4-mini"), catalogAllowing(EVERYTHING));
    expect(await isPending(openedGates({ exchange, answer: fallsSilent }).gates.ahead)).toBe(true);
  });

  it.each(["parallel", "before"] as const)(
    "that is %s refuses with what is blocked, and ends the flow",
    async (input) => {
      const policy = { categories: { hate: { from: 0.5, action: "review" } } };
      const { gates, control } = openedGates({ moderation: { input }, policy, answer: findsViolence });
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

  it("lets a review pass", async () => {
    const { gates, control } = openedGates({ policy: { otherwise: "review" }, answer: findsViolence });
    await gates.input;
    expect(control.signal.aborted).toBe(false);
  });

  it("does not classify an empty request", async () => {
    const { gates, asked } = openedGates({ request: { messages: [{ role: "user", content: "" }] } });
    await gates.input;
    expect(asked).toEqual([]);
  });

  it("classifies all texts at once, and each image by itself", async () => {
    const content = [{ type: "text", text: "Hi" }, chatPicture("1"), { type: "text", text: "Ho" }, chatPicture("2")];
    const { gates, asked } = openedGates({ request: { messages: [{ role: "user", content }] } });
    await gates.input;
    expect(asked.map(({ input }) => input)).toEqual([["Hi\nHo"], [chatPicture("1")], [chatPicture("2")]]);
  });

  it("refuses a request for any of its images", async () => {
    const content = [chatPicture("1"), chatPicture("2")];
    const { gates } = openedGates({
      request: { messages: [{ role: "user", content }] },
      answer: (input) => (input.includes("2.png") ? findsViolence() : Response.json({ results: [NOTHING] })),
    });
    expect(await reasonOf(gates.input)).toMatchObject({ kind: "blocked" });
  });

  it("ends with the flow when the caller leaves", async () => {
    const { gates, control } = openedGates({ answer: fallsSilent });
    control.abort({ kind: "left" });
    expect(await reasonOf(gates.input)).toEqual({ kind: "left" });
  });
});
const NOTHING = { flagged: false, categories: {}, category_scores: {} };

describe("an answer that is for Weir itself", () => {
  it.each(["off", "window"] as const)(
    "is let through, and so is what it is asked of, where output is %s",
    async (output) => {
      const exchange = prepared(
        passModeration({ model: "omni-moderation-latest", input: SAID }),
        bundledModel("o4-mini"),
      );
      const moderation = { input: "before", output } as const;
      const { gates, asked, control } = openedGates({ exchange, moderation, answer: findsViolence });
      await Promise.all([gates.ahead, gates.input, gates.requireAllowed(SAID)]);
      expect([asked, control.signal.aborted]).toEqual([[], false]);
    },
  );
});

describe("work beside an answer", () => {
  it("is waited for with the input, with and without moderation", async () => {
    const work = Promise.withResolvers<void>();
    const { gates, duty, exchange, control } = openedGates({ beside: () => work.promise });
    const none = openGates({ ...duty, moderations: [] }, exchange, control);
    expect([await isPending(gates.input), await isPending(none.input)]).toEqual([true, true]);
    work.resolve();
    await Promise.all([gates.input, none.input]);
  });

  it("is done with the signal of the flow", () => {
    const beside = vi.fn(() => Promise.resolve());
    const { control } = openedGates({ beside });
    expect(beside).toHaveBeenCalledExactlyOnceWith(control.signal);
  });

  it.each([
    [apiError("moderation_unavailable", "No."), "moderation_unavailable"],
    [new Error("secret"), "internal_error"],
  ])("that fails ends the flow: %s", async (thrown, code) => {
    const { gates, control } = openedGates({ beside: () => Promise.reject(thrown) });
    expect(await reasonOf(gates.input)).toBe(control.signal.reason);
    const { kind, error } = control.signal.reason as { kind: string; error: Error & { body: object } };
    expect([kind, error.body]).toMatchObject(["failed", { code }]);
    expect(error.message).not.toContain("secret");
  });

  it("that fails after the flow has ended is ignored", async () => {
    const { control } = openedGates({ beside: () => Promise.reject(apiError("provider_error", "No.")) });
    await new Promise((resolve) => void setImmediate(resolve));
    expect((await refusalOf(() => Promise.reject((control.signal.reason as { error: Error }).error))).status).toBe(502);
  });
});
