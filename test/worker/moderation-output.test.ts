import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { errorOf } from "../support/caller.ts";
import { watchLog } from "../support/log-lines.ts";
import type { Form } from "../support/moderated.ts";
import { askIn, CHAT, FORMS, message, moderatedCatalog, TWENTY } from "../support/moderated.ts";
import { createUser, emulation, useCatalog } from "../support/workerd.ts";

/** Windows of twenty characters each. */
const CALM = "The river is so calm";
const BAD = " emulate-violence so";
const GONE = " and then it is gone";
const NOTHING = { tokens: 0, requests: 0, reserved: 0 };
/** What the model's answer costs beyond its text, when nobody counted. */
const ALLOWANCE = 1024;

const FIFTY = { ...TWENTY, max_chars: 50 };
const FIRST_FIFTY = "The river is so calm and the level is low as it is";
/** So late a verdict comes after the provider's last words. */
const LATE = " emulate-violence emulate-moderation-ms-100";

const useGate = (window: object = TWENTY, policy: object = {}) =>
  useCatalog(moderatedCatalog({ alias: { output: "window" }, policy: { window, ...policy } }));

/** What an answer costs that nobody judges. */
async function costOf(form: Form, content: string, stream: boolean) {
  await useCatalog(moderatedCatalog({}));
  const user = await createUser();
  await (await askIn(user, form, content, stream)).text();
  return user.settled();
}

beforeEach(emulation.zero);
afterEach(() => void vi.restoreAllMocks());

describe.each(FORMS)("a streamed answer of %s", (_path, form) => {
  it("that is allowed comes whole, and costs what the provider counted", async () => {
    const content = message({ text: CALM + GONE + CALM, reasoning: 7 });
    const cost = await costOf(form, content, true);
    await useGate();
    const user = await createUser();
    const text = await (await askIn(user, form, content)).text();
    expect([form.said(text), form.ending(text)]).toEqual([CALM + GONE + CALM, "finished"]);
    expect(await user.settled()).toEqual(cost);
  });

  it.each([
    ["the beginning", BAD + CALM + GONE, ""],
    ["the middle", CALM + BAD + GONE, CALM],
    ["the very end", CALM + GONE + BAD, CALM + GONE],
    ["what is left after the last window", CALM + GONE + BAD.slice(0, -3), CALM + GONE],
  ])("that is blocked in %s ends there, and nothing of that window is sent", async (_where, said, allowed) => {
    await useGate();
    const user = await createUser();
    const response = await askIn(user, form, message({ text: said }));
    expect(response.status).toBe(200);
    const text = await response.text();
    expect([form.said(text), form.ending(text)]).toEqual([allowed, form.blocked]);
    expect(text).not.toContain("emulat");
    const { tokens, ...rest } = await user.settled();
    expect(rest).toEqual({ requests: 1, reserved: 0 });
    expect(tokens).toBeGreaterThan(0);
    await emulation.idle();
  });

  it("that is blocked while the provider goes on stops it, and costs an estimate", async () => {
    await useGate();
    const user = await createUser();
    const content = message({ text: CALM + BAD + GONE.repeat(100), delay_ms: 5 });
    const text = await (await askIn(user, form, content)).text();
    expect([form.said(text), form.ending(text)]).toEqual([CALM, form.blocked]);
    const { tokens, ...rest } = await user.settled();
    expect(rest).toEqual({ requests: 1, reserved: 0 });
    expect(tokens).toBeGreaterThan(ALLOWANCE);
    expect(await emulation.idle()).toMatchObject({ cancelled: 1, by_path: { "/v1/moderations": 2 } });
  });

  it("that is blocked after the provider's end costs the usage", async () => {
    const content = message({ text: FIRST_FIFTY + LATE, reasoning: 7 });
    const cost = await costOf(form, content, true);
    await useGate(FIFTY);
    const user = await createUser();
    const text = await (await askIn(user, form, content)).text();
    expect([form.said(text), form.ending(text)]).toEqual([FIRST_FIFTY, form.blocked]);
    expect(await user.settled()).toEqual(cost);
  });

  it("that cannot be judged in the middle ends there", async () => {
    await useGate(FIFTY);
    const user = await createUser();
    const content = message({ text: `${FIRST_FIFTY} emulate-moderation-status-500` });
    const text = await (await askIn(user, form, content)).text();
    expect([form.said(text), form.ending(text)]).toEqual([FIRST_FIFTY, "moderation_unavailable"]);
    expect(await user.settled()).toMatchObject({ requests: 1, reserved: 0 });
  });

  it("that cannot be judged goes on where the policy says so", async () => {
    await useGate(FIFTY, { on_failure: "allow" });
    const said = `${FIRST_FIFTY} emulate-moderation-status-500`;
    const text = await (await askIn(await createUser(), form, message({ text: said }))).text();
    expect([form.said(text), form.ending(text)]).toEqual([said, "finished"]);
  });

  it("that is to be looked at passes", async () => {
    await useGate(TWENTY, { otherwise: "review" });
    const log = watchLog();
    const text = await (await askIn(await createUser(), form, message({ text: CALM + BAD }))).text();
    expect([form.said(text), form.ending(text)]).toEqual([CALM + BAD, "finished"]);
    expect(log("moderated")).toMatchObject([{ side: "output", action: "review" }]);
  });

  it("that is blocked is logged by categories and scores, never by what was said", async () => {
    await useGate();
    const log = watchLog();
    const init = { headers: { "x-request-id": "phone-7" } };
    const user = await createUser();
    await (await askIn(user, form, message({ text: CALM + BAD }), true, init)).text();
    await user.settled();
    const categories = [{ name: "violence", score: 0.97, action: "block" }];
    expect(log("moderated")).toEqual([
      { event: "moderated", request: "phone-7", side: "output", action: "block", flagged: true, categories },
    ]);
    expect(log("metered")).toMatchObject([{ ending: "blocked", code: "content_policy_violation" }]);
  });
});

describe.each(FORMS)("a whole answer of %s", (_path, form) => {
  it("that is blocked is a 400, and costs what the provider counted", async () => {
    const content = message({ text: CALM + BAD, reasoning: 7 });
    const cost = await costOf(form, content, false);
    await useGate();
    const user = await createUser();
    const response = await askIn(user, form, content, false);
    expect(response.status).toBe(400);
    const error = await errorOf(response);
    expect(error).toMatchObject({ code: "content_policy_violation", param: null });
    expect(error.message).not.toContain("emulate");
    expect(await user.settled()).toEqual(cost);
  });

  it("that is allowed is answered", async () => {
    await useGate();
    const response = await askIn(await createUser(), form, message({ text: CALM }), false);
    expect(response.status).toBe(200);
    expect(await response.text()).toContain(CALM);
  });

  it.each([
    ["block", 503],
    ["allow", 200],
  ])("that cannot be judged is a matter of the policy: %s is a %i", async (policy, status) => {
    await useGate(TWENTY, { on_failure: policy });
    const user = await createUser();
    const response = await askIn(user, form, message({ text: "emulate-moderation-status-500" }), false);
    expect(response.status).toBe(status);
    if (status === 503) expect(await errorOf(response)).toMatchObject({ code: "moderation_unavailable" });
    expect(await user.settled()).toMatchObject({ requests: status === 503 ? 0 : 1, reserved: 0 });
  });
});

it.each([true, false])("several answers at once cannot be judged (stream: %s)", async (stream) => {
  await useGate();
  const user = await createUser();
  const response = await user.post(CHAT.path, { ...CHAT.body(message({ text: CALM }), stream), n: 2 });
  expect(response.status).toBe(400);
  expect(await errorOf(response)).toMatchObject({ code: "unsupported_value", param: "n" });
  expect(await user.settled()).toEqual(NOTHING);
  expect((await emulation.stats()).requests).toBe(0);
});
