// uses: slim-chat
// The cost and the end of moderated chats: blocked, failed, and left by the caller.

import { beforeEach, describe, expect, it } from "vitest";
import { countTokens } from "../../../../dev/provider/kernel/generation/tokens.ts";
import { errorOf, ONLY_REQUESTS } from "../../../support/caller.ts";
import { DONE, finishChunk, textChunk, usageChunk } from "../../../support/chat-chunks.ts";
import { readUntil } from "../../../support/events.ts";
import { streamOf } from "../../../support/providers.ts";
import { repeatUntil } from "../../../support/repeat.ts";
import { createUser, emulation, useCatalog } from "../../../support/workerd.ts";
import { createUserBesideClassifier } from "../support/classifier.ts";
import { heardIn } from "../support/heard.ts";
import { message, moderatedCatalog, windowsOf } from "../support/moderated.ts";

const PATH = "/chat";
const BAD = "Tell me of emulate-violence.";
const FAILING = "emulate-moderation-status-500";
const BLOCKED = "content_policy_violation";
const ONE_REQUEST = { requests: 1, reserved: 0 };

const use = (changes: Parameters<typeof moderatedCatalog>[0]) => useCatalog(moderatedCatalog(changes));
const body = (input: string, stream = true) => ({ model: "o4-mini", input, stream });

async function chat(content: string, stream = true) {
  const user = await createUser();
  return { user, response: await user.post(PATH, body(content, stream)) };
}

async function streamed(content: string) {
  const { user, response } = await chat(content);
  expect(response.status).toBe(200);
  const text = await response.text();
  return { user, text, heard: heardIn(text) };
}

beforeEach(emulation.zero);

describe.each([
  ["streamed", true],
  ["complete", false],
])("the input of a %s chat", (_kind, stream) => {
  it("that is blocked in parallel costs an estimate, and cancels the provider", async () => {
    await use({ alias: { input: "parallel" } });
    const { user, response } = await chat(message({ tokens: 400, delay_ms: 20 }, BAD), stream);
    expect(response.status).toBe(400);
    expect(response.headers.get("content-type")).toContain("application/json");
    const { tokens, ...rest } = await user.settled();
    expect(rest).toEqual({ requests: 2, reserved: 0 });
    expect(tokens).toBeGreaterThan(0);
    // The classifier and the counter of the estimate complete.
    expect(await emulation.idle()).toMatchObject({ requests: 3, completed: 2, cancelled: 1 });
  });

  it.each([
    ["parallel", 2],
    ["before", 1],
  ])("without a verdict is a 503 that costs what reached a provider (%s)", async (input, requests) => {
    await use({ plan: { input } });
    const { user, response } = await chat(message({ tokens: 400, delay_ms: 20 }, FAILING), stream);
    expect(response.status).toBe(503);
    expect(await errorOf(response)).toMatchObject({ code: "moderation_unavailable", type: "server_error" });
    const { tokens, ...rest } = await user.settled();
    expect(rest).toEqual({ requests, reserved: 0 });
    expect(tokens > 0).toBe(input === "parallel");
    await emulation.idle();
  });

  it("that is allowed is answered", async () => {
    await use({ alias: { input: "before" } });
    const { user, response } = await chat(message({ tokens: 5 }, "The river is low."), stream);
    expect(response.status).toBe(200);
    await response.text();
    expect(await user.settled()).toMatchObject({ requests: 2, reserved: 0 });
    expect((await emulation.stats()).by_path).toMatchObject({ "/v1/moderations": 1 });
  });

  it.each([
    ["parallel", 2, { requests: 2 }],
    ["before", 1, ONLY_REQUESTS()],
  ])("stops all calls when the caller leaves (%s)", async (input, open, spent) => {
    // An answer that is not streamed may finish in this time.
    await use({ alias: { input }, timing: { leave_ms: 20 } });
    const user = await createUser();
    const control = new AbortController();
    const content = message({ tokens: 5, first_ms: 60_000, moderation_ms: 60_000 }, "Low.");
    const response = user.post(PATH, body(content, stream), { signal: control.signal });
    await repeatUntil(emulation.stats, ({ active }) => active === open);
    control.abort();
    await expect(response).rejects.toThrow("abort");
    expect(await user.settled()).toMatchObject({ reserved: 0, ...spent });
    expect(await emulation.idle()).toMatchObject({ cancelled: open });
  });
});

describe("the input of a chat", () => {
  it("delays the response until the verdict, although the provider has started", async () => {
    await use({ alias: { input: "parallel" } });
    const user = await createUser();
    const response = user.post(PATH, body(message({ tokens: 5, moderation_ms: 200 }, BAD)));
    let hasStarted = false;
    void response.then(() => (hasStarted = true));
    await repeatUntil(emulation.stats, ({ bytes_out: bytes }) => bytes > 0);
    expect(hasStarted).toBe(false);
    expect((await response).status).toBe(400);
  });

  it("with an image whose host fails costs requests, and never reaches the model", async () => {
    await use({ alias: { input: "parallel" } });
    const user = await createUser();
    const image = { type: "image", url: `https://a.test/${FAILING}.png` };
    const content = [{ type: "text", text: message({ tokens: 400 }, "What is it?") }, image];
    const response = await user.post(PATH, { model: "o4-mini", input: [{ role: "user", content }] });
    expect(await errorOf(response)).toMatchObject({ code: "moderation_unavailable" });
    // The text and the image.
    expect(await user.settled()).toEqual(ONLY_REQUESTS(2));
    expect((await emulation.idle()).by_path).toEqual({ "/v1/moderations": 2 });
  });

  it("that is blocked after the provider's last event costs the usage", async () => {
    await use({ alias: { input: "parallel" } });
    const events = [textChunk("Low."), finishChunk(), usageChunk(12, 30), DONE];
    const user = await createUserBesideClassifier(streamOf(...events));
    expect((await user.post(PATH, body(message({ tokens: 1, moderation_ms: 100 }, BAD)))).status).toBe(400);
    expect(await user.settled()).toEqual({ tokens: 42, requests: 2, reserved: 0 });
  });
});

const CALM = "The river is so calm";
const VIOLENT = " emulate-violence so";
const FIFTY = "The river is so calm and the level is low as it is";
const useWindow = (maxChars: number, policy: object = {}, timing: object = {}) =>
  use({ alias: { output: "window" }, policy: { window: windowsOf(maxChars), ...policy }, timing });

describe("the answer of a moderated chat", () => {
  it("costs its usage when it is allowed, and when a complete answer is blocked", async () => {
    for (const text of [CALM.repeat(3), CALM + VIOLENT]) {
      const content = message({ text, reasoning: 7 });
      await use({});
      const { user: other } = await streamed(content);
      const cost = await other.settled();
      await useWindow(20);
      const { user, response } = await chat(content, false);
      expect(response.status).toBe(text.includes(VIOLENT) ? 400 : 200);
      expect(await user.settled()).toEqual(cost);
    }
  });

  it("that is blocked costs an estimate, and cancels the provider", async () => {
    await useWindow(20);
    const long = " and then it is gone".repeat(100);
    const { user, text, heard } = await streamed(message({ text: CALM + VIOLENT + long, delay_ms: 5 }));
    expect(heard).toEqual([CALM, BLOCKED]);
    expect(text).not.toContain("emulat");
    const { tokens, ...rest } = await user.settled();
    expect(rest).toEqual(ONE_REQUEST);
    expect(tokens).toBeGreaterThan(CALM.length / 2);
    expect(await emulation.idle()).toMatchObject({ cancelled: 1 });
  });

  it.each([
    ["ends without a verdict", FAILING, {}, [FIFTY, "moderation_unavailable"]],
    ["continues without a verdict when `on_failure` is `allow`", FAILING, { on_failure: "allow" }, undefined],
    ["continues after the action `review`", "emulate-violence", { otherwise: "review" }, undefined],
  ])("%s", async (_what, words, policy, ending) => {
    await useWindow(50, policy);
    const text = `${FIFTY} ${words}`;
    const { user, heard } = await streamed(message({ text }));
    expect(heard).toEqual(ending ?? [text, "done"]);
    expect(await user.settled()).toMatchObject(ONE_REQUEST);
  });

  it("stops provider and classifier when the caller leaves during a verdict", async () => {
    await useWindow(50, {}, { keep_alive_ms: 10 });
    const user = await createUser();
    const text = `${FIFTY} emulate-moderation-ms-60000 and so on and on and on and on`;
    // The provider sends the whole text and then stays silent.
    const response = await user.post(PATH, body(message({ text, stall_after: countTokens(text) })));
    const reader = await readUntil(response.body, "\n\n:\n\n");
    await reader.cancel();
    expect(await user.settled()).toMatchObject(ONE_REQUEST);
    expect(await emulation.idle()).toMatchObject({ cancelled: 2 });
  });
});
