import { beforeEach, describe, expect, it } from "vitest";
import { errorOf } from "../support/caller.ts";
import { toAlias } from "../support/catalog.ts";
import type { Moderated } from "../support/moderated.ts";
import { askIn, FORMS, message, moderatedCatalog, RESPONSES, SLIM, TWENTY } from "../support/moderated.ts";
import { STORING } from "../support/switches.ts";
import { createUser, emulation, useCatalog } from "../support/workerd.ts";

const NOTHING = { tokens: 0, requests: 0, reserved: 0 };
const BAD = "emulate-violence";
const CALM = "The river is so calm";
const FIFTY = "The river is so calm and the level is low as it is";
const REFUSED = "emulate-moderation-status-400";
const WINDOW = { ...TWENTY, max_chars: 50 };

const use = (changes: Moderated) => useCatalog(moderatedCatalog(changes));

beforeEach(emulation.zero);

describe.each(FORMS)("what the classifier refuses to look at, on %s,", (_path, form) => {
  it.each(["parallel", "before"])("is blocked in the input, though failures are allowed (%s)", async (input) => {
    await use({ alias: { input }, policy: { on_failure: "allow" } });
    const user = await createUser();
    const response = await askIn(user, form, message({ tokens: 400, delay_ms: 20 }, REFUSED));
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ code: "content_policy_violation", param: "input" });
    expect(await user.settled()).toMatchObject(input === "before" ? NOTHING : { requests: 1, reserved: 0 });
    await emulation.idle();
  });

  it("is blocked in an answer, though failures are allowed", async () => {
    await use({ alias: { output: "window" }, policy: { window: WINDOW, on_failure: "allow" } });
    const user = await createUser();
    const text = await (await askIn(user, form, message({ text: `${FIFTY} ${REFUSED}` }))).text();
    expect([form.said(text), form.ending(text)]).toEqual([FIFTY, form.blocked]);
    expect(await user.settled()).toMatchObject({ requests: 1, reserved: 0 });
  });
});

describe("alias and plan", () => {
  const INPUT = { input: "before" } as const;
  const OUTPUT = { output: "window" } as const;

  it.each([
    ["the alias judges the input and the plan the answer", { alias: INPUT, plan: OUTPUT }],
    ["the plan judges the input and the alias the answer", { alias: OUTPUT, plan: INPUT }],
    ["one of them says `off`", { alias: { ...INPUT, output: "off" }, plan: { input: "off", ...OUTPUT } }],
  ])("hold together where %s", async (_what, moderations) => {
    await use({ ...moderations, policy: { window: TWENTY } });
    const refused = await askIn(await createUser(), SLIM, message({ text: CALM }, BAD));
    expect(refused.status).toBe(400);
    const text = await (await askIn(await createUser(), SLIM, message({ text: `${CALM} ${BAD}` }))).text();
    expect([SLIM.said(text), SLIM.ending(text)]).toEqual([CALM, SLIM.blocked]);
  });

  it("hold together where one alias leads to another, and each says something else", async () => {
    const catalog = moderatedCatalog({ alias: INPUT, policy: { window: TWENTY } });
    const outer = toAlias("o4-mini", { moderation: OUTPUT });
    await useCatalog({ ...catalog, aliases: { ...catalog.aliases, outer } });
    const form = { ...SLIM, body: (content: string) => ({ ...SLIM.body(content, true), model: "outer" }) };
    const refused = await askIn(await createUser(), form, message({ text: CALM }, BAD));
    expect(refused.status).toBe(400);
    expect(await errorOf(refused)).toMatchObject({ code: "content_policy_violation", param: "input" });
    expect((await emulation.stats()).by_path).toEqual({ "/v1/moderations": 1 });
    const text = await (await askIn(await createUser(), form, message({ text: `${CALM} ${BAD}` }))).text();
    expect([SLIM.said(text), SLIM.ending(text)]).toEqual([CALM, SLIM.blocked]);
  });

  it("look at 32 images, and ask nobody about more", async () => {
    await useCatalog(moderatedCatalog({ alias: { input: "parallel" } }));
    const user = await createUser();
    const image = { type: "image", url: "https://example.com/lake.png" };
    const response = await user.post("/chat", {
      input: [{ role: "user", content: Array.from({ length: 33 }, () => image) }],
    });
    expect(response.status).toBe(400);
    expect((await errorOf(response)).message).toContain("32 images");
    expect(await user.settled()).toEqual({ tokens: 0, requests: 0, reserved: 0 });
  });

  it("mean `before` where one of them does", async () => {
    await use({ alias: { input: "parallel" }, plan: INPUT });
    const user = await createUser();
    expect((await askIn(user, SLIM, message({ tokens: 5 }, BAD))).status).toBe(400);
    expect(await user.settled()).toEqual(NOTHING);
    expect((await emulation.stats()).by_path).toEqual({ "/v1/moderations": 1 });
  });

  it.each([
    ["the alias', where it names one", { alias: { policy: "mild" }, plan: { ...INPUT, policy: "default" } }, 200],
    ["the alias', where it alone does", { alias: { policy: "mild" }, plan: INPUT }, 200],
    ["the plan's, where it alone does", { alias: INPUT, plan: { policy: "mild" } }, 200],
    ["`default` where neither does", { alias: INPUT, plan: INPUT }, 400],
  ])("go by one policy: %s", async (_whose, moderations, status) => {
    const policies = { mild: { categories: { violence: { from: 0.99, action: "block" } } } };
    await use({ ...moderations, policies });
    const response = await askIn(await createUser(), SLIM, message({ tokens: 5 }, BAD));
    expect(response.status).toBe(status);
    expect((await emulation.stats()).by_path).toHaveProperty("/v1/moderations");
  });
});

/** A request that goes on in the background. */
const later = (said: string) => ({
  ...RESPONSES.body(message({ tokens: 5 }, said), false),
  store: true,
  background: true,
});

describe("a request that goes on in the background", () => {
  beforeEach(() => use({ alias: { input: "parallel" }, responses: STORING }));

  it("is judged before the provider is asked, and costs nothing when it is blocked", async () => {
    const user = await createUser();
    const response = await user.post(RESPONSES.path, later(BAD));
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ code: "content_policy_violation", param: "input" });
    expect(await user.settled()).toEqual(NOTHING);
    expect((await emulation.stats()).by_path).toEqual({ "/v1/moderations": 1 });
  });

  it("costs nothing when it cannot be judged", async () => {
    const user = await createUser();
    const response = await user.post(RESPONSES.path, later("emulate-moderation-status-500"));
    expect(response.status).toBe(503);
    expect(await user.settled()).toEqual(NOTHING);
    expect((await emulation.stats()).by_path).toEqual({ "/v1/moderations": 1 });
  });

  it("goes on when it is allowed", async () => {
    const user = await createUser();
    const response = await user.post(RESPONSES.path, later("The river is low."));
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ status: "queued" });
    expect((await user.usage()).leases.running).toBe(1);
  });
});
