import { beforeEach, describe, expect, it } from "vitest";
import { errorOf } from "../support/caller.ts";
import { createCatalog } from "../support/catalog.ts";
import { hear, useDialect } from "../support/chat-contract.ts";
import { emulate } from "../support/emulation.ts";
import { modelsNamed } from "../support/gating.ts";
import { createUser, emulation, useCatalog } from "../support/workerd.ts";

const ASKED = { input: emulate({ tokens: 3, reasoning: 30 }), model: "o4-mini", reasoning: "summary" };
const THOUGHT = /^\*\*Reading the question\*\*\n\n.*pretends to think about it\.$/s;

beforeEach(() => emulation.zero());

describe("a caller who asks what the model thought", () => {
  it.each(["responses", "both"] as const)("hears a summary before the text, from a model with %s", async (endpoint) => {
    if (endpoint === "both") await useCatalog(createCatalog());
    else await useDialect(endpoint);
    const { status, events } = await hear(await createUser(), ASKED);
    expect(status).toBe(200);
    expect(events).toMatchObject([
      { name: "thinking", data: expect.stringMatching(THOUGHT) as string },
      { name: "text" },
      { name: "done", data: { finish: "stop", usage: { output: 33, reasoning: 30 } } },
    ]);
    const { last } = await emulation.stats();
    expect(last?.path).toBe("/v1/responses");
    expect(last?.body).toMatchObject({ reasoning: { summary: "auto" }, store: false });
  });

  it("gets it beside the text of an answer that is not streamed", async () => {
    await useCatalog(createCatalog());
    const { object } = await hear(await createUser(), { ...ASKED, stream: false });
    expect(object).toMatchObject({ thinking: expect.stringMatching(THOUGHT) as string, finish: "stop" });
    expect(object?.text).not.toBe("");
  });

  it("gets none of a model that does not reason, and an answer all the same", async () => {
    const catalog = createCatalog();
    const { respondent } = catalog.cards;
    await useCatalog({ ...catalog, cards: { ...catalog.cards, respondent: { ...respondent, reasoning: undefined } } });
    const { status, object } = await hear(await createUser(), { ...ASKED, model: "respondent", stream: false });
    expect(status).toBe(200);
    expect(object).not.toHaveProperty("thinking");
    expect((await emulation.stats()).last?.body).not.toHaveProperty("reasoning");
  });

  it("is refused by a model that has Chat Completions alone, with the names of those that do it", async () => {
    await useDialect("chat_completions");
    const user = await createUser();
    const response = await user.post("/chat", ASKED);
    expect(response.status).toBe(400);
    const error = await errorOf(response);
    expect(error).toMatchObject({ type: "invalid_request_error", code: "unsupported_value" });
    expect(modelsNamed(error.message)).toEqual(expect.arrayContaining(["respondent", "gpt-5-mini", "o3"]));
    expect(modelsNamed(error.message)).not.toContain("o4-mini");
    expect(await user.settled()).toEqual({ tokens: 0, requests: 0, reserved: 0 });
    expect((await emulation.stats()).requests).toBe(0);
  });

  it("who did not ask hears nothing of it over Responses", async () => {
    await useDialect("responses");
    const { events } = await hear(await createUser(), { ...ASKED, reasoning: undefined });
    expect(events).toMatchObject([{ name: "text" }, { name: "done", data: { usage: { reasoning: 30 } } }]);
  });
});
