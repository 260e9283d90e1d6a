// uses: slim-chat
// The gates of a chat: its input and its answer are moderated, by the alias, by the plan, or by both.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { countTokens } from "../../../../dev/provider/tokens.ts";
import { errorOf, NOTHING } from "../../../support/caller.ts";
import { DONE, finishChunk, textChunk, usageChunk } from "../../../support/chat-chunks.ts";
import { ALLOWANCE } from "../../../support/estimate.ts";
import { readUntil } from "../../../support/events.ts";
import { watchLog } from "../../../support/log-lines.ts";
import { streamOf, writtenProvider } from "../../../support/providers.ts";
import { repeatUntil } from "../../../support/repeat.ts";
import { createUser, emulation, useCatalog } from "../../../support/workerd.ts";
import { createUserBesideClassifier } from "../support/classifier.ts";
import type { Moderated } from "../support/moderated.ts";
import { askIn, message, moderatedCatalog, SLIM, TWENTY } from "../support/moderated.ts";

const BAD = "Tell me of emulate-violence.";
const FAILING = "emulate-moderation-status-500";
const REFUSED = "emulate-moderation-status-400";
const CLASSIFIED = { "/v1/moderations": 1 };

const use = (changes: Moderated) => useCatalog(moderatedCatalog(changes));

/** The response to a new user, and the user. */
async function chat(content: string, stream = true, init: RequestInit = {}) {
  const user = await createUser();
  return { user, response: await askIn(user, SLIM, content, stream, init) };
}

/** The text and the ending of a stream, and the user. */
async function streamed(content: string, init: RequestInit = {}) {
  const { user, response } = await chat(content, true, init);
  expect(response.status).toBe(200);
  const text = await response.text();
  return { user, text, heard: [SLIM.said(text), SLIM.ending(text)] };
}

beforeEach(emulation.zero);
afterEach(() => void vi.restoreAllMocks());

describe.each([
  ["streamed", true],
  ["whole", false],
])("the input of a chat, %s,", (_kind, stream) => {
  it("that is blocked beside the model is a 400, and costs an estimate", async () => {
    await use({ alias: { input: "parallel" } });
    const { user, response } = await chat(message({ tokens: 400, delay_ms: 20 }, BAD), stream);
    expect(response.status).toBe(400);
    expect(response.headers.get("content-type")).toContain("application/json");
    const error = await errorOf(response);
    expect(error).toMatchObject({ code: "content_policy_violation", param: "input" });
    expect(error.message).toContain("violence");
    const { tokens, ...rest } = await user.settled();
    expect(rest).toEqual({ requests: 1, reserved: 0 });
    expect(tokens).toBeGreaterThan(ALLOWANCE);
    expect(await emulation.idle()).toMatchObject({ requests: 2, completed: 1, cancelled: 1 });
  });

  it("that is blocked before the model is asked is a 400, and costs nothing", async () => {
    await use({ plan: { input: "before" } });
    const { user, response } = await chat(message({ tokens: 5 }, BAD), stream);
    expect(response.status).toBe(400);
    expect(await user.settled()).toEqual(NOTHING);
    expect((await emulation.stats()).by_path).toEqual(CLASSIFIED);
  });

  it.each(["parallel", "before"])("that cannot be judged is a 503 that costs nothing (%s)", async (input) => {
    await use({ alias: { input } });
    const { user, response } = await chat(message({ tokens: 400, delay_ms: 20 }, FAILING), stream);
    expect(response.status).toBe(503);
    expect(await errorOf(response)).toMatchObject({ code: "moderation_unavailable", type: "server_error" });
    expect(await user.settled()).toEqual(NOTHING);
    await emulation.idle();
  });

  it.each([
    ["is allowed", "parallel", "The river is low.", {}],
    ["is only for review", "before", BAD, { otherwise: "review" }],
    ["cannot be judged, where the policy goes on then,", "parallel", FAILING, { on_failure: "allow" }],
  ])("that %s is answered (%s)", async (_what, input, said, policy) => {
    await use({ alias: { input }, policy });
    const { user, response } = await chat(message({ tokens: 5 }, said), stream);
    expect(response.status).toBe(200);
    const text = await response.text();
    if (stream) expect(SLIM.ending(text)).toBe("finished");
    expect(await user.settled()).toMatchObject({ requests: 1, reserved: 0 });
    expect((await emulation.stats()).by_path).toMatchObject(CLASSIFIED);
  });

  it.each([
    ["parallel", 2, { requests: 1 }],
    ["before", 1, NOTHING],
  ])("whose caller leaves while it is judged stops everything (%s)", async (input, open, spent) => {
    await use({ alias: { input } });
    const user = await createUser();
    const control = new AbortController();
    const content = message({ tokens: 5, first_ms: 60_000, moderation_ms: 60_000 }, "Low.");
    const asked = askIn(user, SLIM, content, stream, { signal: control.signal });
    await repeatUntil(emulation.stats, ({ active }) => active === open);
    control.abort();
    await expect(asked).rejects.toThrow("abort");
    expect(await user.settled()).toMatchObject({ reserved: 0, ...spent });
    expect(await emulation.idle()).toMatchObject({ requests: open, cancelled: open });
  });
});

describe("the input of a chat", () => {
  it("starts no response before the verdict, though the provider has begun", async () => {
    await use({ alias: { input: "parallel" } });
    const user = await createUser();
    const asked = askIn(user, SLIM, message({ tokens: 5, moderation_ms: 200 }, BAD));
    let hasStarted = false;
    void asked.then(() => (hasStarted = true));
    await repeatUntil(emulation.stats, ({ bytes_out: bytes }) => bytes > 0);
    expect(hasStarted).toBe(false);
    expect((await asked).status).toBe(400);
  });

  it("that is blocked after the provider's end costs the usage", async () => {
    await use({ alias: { input: "parallel" } });
    const events = [textChunk("Low."), finishChunk(), usageChunk(12, 30), DONE];
    const user = await createUserBesideClassifier(streamOf(...events));
    expect((await askIn(user, SLIM, message({ tokens: 1, moderation_ms: 100 }, BAD))).status).toBe(400);
    expect(await user.settled()).toEqual({ tokens: 42, requests: 1, reserved: 0 });
  });

  it("that the classifier refuses to look at is blocked, though failures are allowed", async () => {
    await use({ alias: { input: "before" }, policy: { on_failure: "allow" } });
    const { response } = await chat(message({ tokens: 5 }, REFUSED));
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ code: "content_policy_violation", param: "input" });
  });

  it("may have 32 images at most", async () => {
    await use({ alias: { input: "parallel" } });
    const image = { type: "image", url: "https://example.com/lake.png" };
    const input = [{ role: "user", content: Array.from({ length: 33 }, () => image) }];
    const response = await (await createUser()).post("/chat", { input });
    expect(response.status).toBe(400);
    expect((await errorOf(response)).message).toContain("32 images");
  });
});

/** Windows of twenty characters each. */
const CALM = "The river is so calm";
const VIOLENT = " emulate-violence so";
const GONE = " and then it is gone";
const FIFTY = { ...TWENTY, max_chars: 50 };
const FIRST_FIFTY = "The river is so calm and the level is low as it is";
const useWindow = (window: object = TWENTY, policy: object = {}, timing: object = {}) =>
  use({ alias: { output: "window" }, policy: { window, ...policy }, timing });

describe("a streamed answer", () => {
  it("that is allowed comes whole, and costs its usage", async () => {
    const content = message({ text: CALM + GONE + CALM, reasoning: 7 });
    await use({});
    const { user: other } = await streamed(content);
    const cost = await other.settled();
    await useWindow();
    const { user, heard } = await streamed(content);
    expect(heard).toEqual([CALM + GONE + CALM, "finished"]);
    expect(await user.settled()).toEqual(cost);
  });

  it.each([
    ["in the middle", CALM + VIOLENT + GONE, CALM],
    ["in what is left after the last window", CALM + GONE + VIOLENT.slice(0, -3), CALM + GONE],
  ])("that is blocked %s ends there, and nothing of that window is sent", async (_where, said, allowed) => {
    await useWindow();
    const { user, text, heard } = await streamed(message({ text: said }));
    expect(heard).toEqual([allowed, SLIM.blocked]);
    expect(text).not.toContain("emulat");
    expect(await user.settled()).toMatchObject({ requests: 1, reserved: 0 });
    await emulation.idle();
  });

  it("that is blocked while the provider goes on stops it, and costs an estimate", async () => {
    await useWindow();
    const { user, heard } = await streamed(message({ text: CALM + VIOLENT + GONE.repeat(100), delay_ms: 5 }));
    expect(heard).toEqual([CALM, SLIM.blocked]);
    const { tokens, ...rest } = await user.settled();
    expect(rest).toEqual({ requests: 1, reserved: 0 });
    expect(tokens).toBeGreaterThan(ALLOWANCE);
    expect(await emulation.idle()).toMatchObject({ cancelled: 1 });
  });

  it.each([
    ["cannot be judged ends there", FAILING, {}, [FIRST_FIFTY, "moderation_unavailable"]],
    ["cannot be judged goes on where the policy says so", FAILING, { on_failure: "allow" }, undefined],
    ["the classifier refuses to look at ends there", REFUSED, { on_failure: "allow" }, [FIRST_FIFTY, SLIM.blocked]],
    ["is for review goes on", "emulate-violence", { otherwise: "review" }, undefined],
  ])("that %s", async (_what, said, policy, ending) => {
    await useWindow(FIFTY, policy);
    const text = `${FIRST_FIFTY} ${said}`;
    const { user, heard } = await streamed(message({ text }));
    expect(heard).toEqual(ending ?? [text, "finished"]);
    expect(await user.settled()).toMatchObject({ requests: 1, reserved: 0 });
  });

  it("whose caller leaves while a window is judged stops provider and classifier, after comments", async () => {
    await useWindow(FIFTY, {}, { keep_alive_ms: 10 });
    const user = await createUser();
    const text = `${FIRST_FIFTY} emulate-moderation-ms-60000 and so on and on and on and on`;
    // Sends all of it, and then nothing more.
    const response = await askIn(user, SLIM, message({ text, stall_after: countTokens(text) }));
    const reader = await readUntil(response.body, "\n\n:\n\n");
    await reader.cancel();
    expect(await user.settled()).toMatchObject({ requests: 1, reserved: 0 });
    expect(await emulation.idle()).toMatchObject({ requests: 3, completed: 1, cancelled: 2 });
  });

  it("is sent sentence by sentence, each when it has been judged", async () => {
    await useWindow({ max_ms: 60_000 });
    const { provider, write, end } = writtenProvider();
    const user = await createUserBesideClassifier(provider);
    const asked = user.post(SLIM.path, SLIM.body("Hi", true));
    await write(textChunk("The river is low. "));
    const reader = await readUntil((await asked).body, 'data:"The river is low. "\n\n');
    const readToEnd = async () => {
      let text = "";
      for (let next = await reader.read(); !next.done; next = await reader.read()) {
        text += new TextDecoder().decode(next.value);
      }
      return text;
    };
    const rest = readToEnd();
    for (const part of ["It is", " quiet. ", "Good"]) await write(textChunk(part));
    await write(finishChunk() + usageChunk(12, 30) + DONE);
    await end();
    expect(await rest).toMatch(/^data:"It is quiet\. "\n\ndata:"Good"\n\nevent:done/);
    expect((await user.settled()).tokens).toBe(42);
  });
});

describe("a whole answer", () => {
  it("that is blocked is a 400, and costs its usage", async () => {
    const content = message({ text: CALM + VIOLENT, reasoning: 7 });
    await use({});
    const { user: other } = await chat(content, false);
    const cost = await other.settled();
    await useWindow();
    const { user, response } = await chat(content, false);
    expect(response.status).toBe(400);
    const error = await errorOf(response);
    expect(error).toMatchObject({ code: "content_policy_violation", param: null });
    expect(error.message).not.toContain("emulate");
    expect(await user.settled()).toEqual(cost);
  });
});

describe("alias and plan", () => {
  const INPUT = { input: "before" } as const;
  const OUTPUT = { output: "window" } as const;

  it.each([
    ["each says something else", { alias: INPUT, plan: OUTPUT }],
    ["one of them says `off`", { alias: { ...INPUT, output: "off" }, plan: { input: "off", ...OUTPUT } }],
  ])("hold together where %s", async (_what, moderations) => {
    await use({ ...moderations, policy: { window: TWENTY } });
    expect((await chat(message({ text: CALM }, BAD))).response.status).toBe(400);
    expect((await streamed(message({ text: CALM + VIOLENT }))).heard).toEqual([CALM, SLIM.blocked]);
  });
});

it.each([
  ["input", { alias: { input: "before" } }, message({ tokens: 1 }, BAD)],
  ["output", { alias: { output: "window" }, policy: { window: TWENTY } }, message({ text: CALM + VIOLENT })],
])("a blocked %s is logged by categories and scores, never with its text", async (side, moderated, content) => {
  await use(moderated);
  const log = watchLog();
  const { user, response } = await chat(content, true, { headers: { "x-request-id": "phone-7" } });
  await response.text();
  await user.settled();
  const categories = [{ name: "violence", score: 0.97, action: "block" }];
  expect(log("moderated")).toEqual([
    { event: "moderated", request: "phone-7", side, action: "block", flagged: true, categories },
  ]);
});
