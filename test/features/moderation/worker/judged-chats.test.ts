// uses: slim-chat
// Chats under a policy with `"chats": "rules"`: the judge beside the classifier, and what it costs.

import { beforeEach, describe, expect, it } from "vitest";
import type { Usage } from "../../../support/caller.ts";
import { errorOf, spentOf } from "../../../support/caller.ts";
import type { TestPlan } from "../../../support/catalog.ts";
import { repeatUntil } from "../../../support/repeat.ts";
import { createUser, emulation, useCatalog } from "../../../support/workerd.ts";
import { heardIn } from "../support/heard.ts";
import { message, moderatedCatalog, windowsOf } from "../support/moderated.ts";

const PATH = "/chat";
const CHATS = "/v1/chat/completions";
const RULES = {
  chats: "rules",
  rules: { "phone-number": "No phone numbers.", dosage: "No dosages of medicines." },
  judge: "o3",
};
const INPUT = { input: "parallel" };
const OUTPUT = { output: "window" };
const BLOCKED = "content_policy_violation";
const CALM = "The river is so calm";
const BROKEN = " emulate-dosage now ";

type Changes = Parameters<typeof moderatedCatalog>[0];
const use = (alias: object, policy: object = {}, changes: Changes = {}) =>
  useCatalog(moderatedCatalog({ alias, policy: { ...RULES, ...policy }, ...changes }));
const body = (input: string, stream = true) => ({ model: "o4-mini", input, stream });

async function chat(input: string, { stream = true, plan }: { stream?: boolean; plan?: TestPlan } = {}) {
  const user = await createUser(plan);
  return { user, response: await user.post(PATH, body(input, stream)) };
}

const heard = async (response: Response) => heardIn(await response.text());

/** Tests if the judge's calls are settled as well. They do not count as running requests. */
const isSettled = ({ windows }: Usage) => windows.every(({ reserved }) => reserved === 0);
const calls = async () => (await emulation.idle()).by_path;

beforeEach(emulation.zero);

describe("the input of a chat under rules", () => {
  it.each([true, false])("that breaks a rule is a 400 with the rule's name (stream: %s)", async (stream) => {
    await use(INPUT);
    const { response } = await chat("How much emulate-dosage?", { stream });
    expect([response.status, await errorOf(response)]).toMatchObject([
      400,
      { code: BLOCKED, param: "input", message: "The input is not allowed here: dosage." },
    ]);
  });

  it("that breaks a category is a 400 without the judge's verdict", async () => {
    await use(INPUT);
    const { response } = await chat("emulate-violence and emulate-judge-fails");
    expect((await errorOf(response)).message).toBe("The input is not allowed here: violence.");
  });

  it("that is for review is answered, and is not judged under a policy for categories", async () => {
    await use(INPUT);
    const judged = await chat(message({ tokens: 5 }, "emulate-review-dosage"));
    expect(await heard(judged.response)).toMatchObject({ 1: "done" });
    expect(await calls()).toEqual({ [CHATS]: 2, "/v1/moderations": 1 });
    await emulation.zero();
    await use(INPUT, { chats: "categories" });
    expect(await heard((await chat(message({ tokens: 5 }, "emulate-dosage"))).response)).toMatchObject({ 1: "done" });
    expect(await calls()).toEqual({ [CHATS]: 1, "/v1/moderations": 1 });
  });

  it.each(["refuses", "babbles", "truncates", "invents"])("is blocked when the judge %s", async (how) => {
    await use(INPUT, { on_failure: "allow" });
    const { response } = await chat(`emulate-judge-${how}`);
    expect(await errorOf(response)).toMatchObject({ code: BLOCKED, param: "input" });
  });

  it("is a 503 when the judge fails, or is answered when `on_failure` is `allow`", async () => {
    await use(INPUT);
    expect(await errorOf((await chat("emulate-judge-fails")).response)).toMatchObject({
      code: "moderation_unavailable",
    });
    await use(INPUT, { on_failure: "allow" });
    const { response } = await chat(message({ tokens: 5 }, "emulate-judge-fails"));
    expect(await heard(response)).toMatchObject({ 1: "done" });
  });
});

describe("the answer of a chat under rules", () => {
  it("is sent up to the window that breaks a rule", async () => {
    await use(OUTPUT, { window: windowsOf(20) });
    const text = CALM + BROKEN + "and so on and on and on";
    const { response } = await chat(message({ text }));
    expect(await heard(response)).toEqual([CALM, BLOCKED]);
    const whole = await chat(message({ text }), { stream: false });
    expect((await errorOf(whole.response)).message).toBe("The output is not allowed here: dosage.");
  });

  it("is judged once a window, and neither the judge's request nor its answer is moderated", async () => {
    await use({ ...INPUT, ...OUTPUT }, { judge: "o4-mini", window: windowsOf(20) }, { plan: { ...INPUT, ...OUTPUT } });
    const text = CALM.repeat(3);
    const { response } = await chat(message({ text }));
    expect(await heard(response)).toEqual([text, "done"]);
    // One chat, and a call of the judge and one of the classifier for the input and for each of three windows.
    expect(await calls()).toEqual({ [CHATS]: 1 + 4, "/v1/moderations": 4 });
  });
});

describe("the judge of a chat", () => {
  it("is paid by the caller, and does not count as a concurrent request", async () => {
    await use({ ...INPUT, ...OUTPUT }, { chats: "categories" });
    const content = message({ text: CALM, reasoning: 0 });
    const plain = await chat(content, { plan: "single" });
    await plain.response.text();
    const { tokens } = await plain.user.settled();
    await use({ ...INPUT, ...OUTPUT });
    const judged = await chat(content, { plan: "single" });
    expect(await heard(judged.response)).toEqual([CALM, "done"]);
    const spent = await judged.user.settled();
    expect(spent.tokens).toBeGreaterThan(tokens + 100);
    expect(spent.reserved).toBe(0);
  });

  it("that the quota refuses is a 429 before the provider is called, for every `on_failure`", async () => {
    await use(INPUT, { on_failure: "allow" });
    const catalog = moderatedCatalog({ alias: INPUT, policy: { ...RULES, on_failure: "allow" } });
    const { roomy } = catalog.plans;
    const windows = [{ unit: "tokens", per: "month", limit: 1500 }];
    await useCatalog({ ...catalog, plans: { ...catalog.plans, roomy: { ...roomy, windows } } });
    const { user, response } = await chat(message({ tokens: 5 }, "The river is low."));
    expect(response.status).toBe(429);
    expect(response.headers.get("retry-after")).not.toBeNull();
    expect(await user.settled()).toMatchObject({ tokens: 0, reserved: 0 });
    expect((await calls())[CHATS]).toBeUndefined();
  });

  it.each<[string, object, number, number]>([
    // The chat, the classifier and the judge.
    ["of the input", INPUT, 3, 3],
    ["of a window", OUTPUT, 2, 1],
  ])(
    "finishes for its usage, which is charged, when the caller leaves during the verdict %s",
    async (_what, alias, open, requests) => {
      await use(alias, { window: windowsOf(40) }, { timing: { keep_alive_ms: 10 } });
      const user = await createUser();
      const control = new AbortController();
      const slow = "emulate-moderation-ms-500";
      const script = alias === INPUT ? { tokens: 5, first_ms: 60_000 } : { text: `${slow} ${CALM}` };
      const sent = user.post(PATH, body(message(script, alias === INPUT ? slow : "")), { signal: control.signal });
      const left = sent.then((response) => response.text());
      await repeatUntil(emulation.stats, ({ active }) => active === open);
      control.abort();
      await expect(left).rejects.toThrow("abort");
      expect(await emulation.idle()).toMatchObject({ cancelled: open - 1 });
      const { windows } = await repeatUntil(user.usage, isSettled);
      expect(windows.map(({ used }) => used)).toMatchObject([expect.any(Number), requests]);
    },
  );
});

describe("the bill of the provider", () => {
  it.each<[string, object, string]>([
    ["that finishes", { text: CALM.repeat(4) }, ""],
    ["whose answer breaks a rule", { text: CALM + BROKEN + CALM }, ""],
    ["whose answer has no verdict", { text: `${CALM} emulate-judge-refuses ${CALM}` }, ""],
    ["whose input breaks a rule", { first_ms: 60_000 }, "emulate-dosage"],
    ["whose input breaks a category", { first_ms: 60_000 }, "emulate-violence"],
    ["whose judge fails", { first_ms: 60_000 }, "emulate-judge-fails"],
    ["whose classifier fails", { first_ms: 60_000 }, "emulate-moderation-status-500"],
  ])("is at most the charge of a chat %s", async (_how, script, text) => {
    await use({ ...INPUT, ...OUTPUT }, { window: windowsOf(40) });
    // A real model takes its time to reason.
    const { user, response } = await chat(message({ ...script, reasoning: 0 }, text));
    await response.text();
    const { billed } = await emulation.idle();
    const { tokens } = spentOf(await repeatUntil(user.usage, isSettled));
    expect(tokens).toBeGreaterThanOrEqual(billed.input + billed.output);
  });
});
