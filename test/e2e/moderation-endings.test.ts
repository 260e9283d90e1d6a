import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { toAlias } from "../support/catalog.ts";
import type { Form } from "../support/moderated.ts";
import { FORMS, message, moderatedCatalog, TWENTY } from "../support/moderated.ts";
import { repeatUntil } from "../support/repeat.ts";
import { startWeir } from "../support/weir.ts";

const FIFTY = "The river is so calm and the level is low as it is";
const BAD = " emulate-violence and all that there is to that word";
/** So late the verdict comes after the provider's last words. */
const LATE = " emulate-violence emulate-moderation-ms-100";
const LONG = " and on".repeat(500);
/** What the model's answer costs beyond its text, when nobody counted. */
const ALLOWANCE = 1024;
const WIDE_CHARS = 10_000;

/** An alias for each gate, and windows of fifty characters, or as wide as they can be. */
const catalog = moderatedCatalog({
  policy: { window: { ...TWENTY, max_chars: 50 } },
  policies: { wide: { window: { ...TWENTY, max_chars: WIDE_CHARS } } },
});
const { roomy } = catalog.plans;
if (!roomy) throw new Error("there is no plan 'roomy'");
const gate = (moderation: object) =>
  toAlias("o4-mini", { moderation: { input: "off", output: "off", policy: "default", ...moderation } });
const weir = await startWeir({
  ...catalog,
  plans: { ...catalog.plans, roomy: { ...roomy, max_output_tokens: 100_000 } },
  aliases: {
    ...catalog.aliases,
    before: gate({ input: "before" }),
    window: gate({ output: "window" }),
    wide: gate({ output: "window", policy: "wide" }),
  },
});
afterAll(weir.close);
afterEach(weir.report);
beforeEach(weir.emulation.zero);

const bodyOf = (form: Form, model: string, content: string) => ({ ...form.body(content, true), model });

/** What a new user gets for a chat, and what it costs. */
async function ask(form: Form, model: string, content: string) {
  const user = await weir.createUser();
  const response = await user.post(form.path, bodyOf(form, model, content));
  const text = await response.text();
  return { status: response.status, text, spent: await user.settled() };
}

describe.each(FORMS)("a block on %s", (_path, form) => {
  it("before the model is asked costs nothing", async () => {
    const { status, spent } = await ask(form, "before", message({ tokens: 1000, delay_ms: 20 }, BAD));
    expect(status).toBe(400);
    expect(spent).toEqual({ tokens: 0, requests: 0, reserved: 0 });
    expect(await weir.emulation.idle()).toMatchObject({ requests: 1, by_path: { "/v1/moderations": 1 } });
  });

  it("in the middle costs an estimate, and stops the provider", async () => {
    const content = message({ text: FIFTY + BAD + LONG, delay_ms: 5 });
    const { text, spent } = await ask(form, "window", content);
    expect([form.said(text), form.ending(text)]).toEqual([FIFTY, form.blocked]);
    const { tokens, ...rest } = spent;
    expect(rest).toEqual({ requests: 1, reserved: 0 });
    expect(tokens).toBeGreaterThan(ALLOWANCE);
    expect(await weir.emulation.idle()).toMatchObject({ cancelled: 1 });
  });

  it("at the very end costs what the provider counted", async () => {
    const content = message({ text: FIFTY + LATE, reasoning: 7 });
    const { spent: cost } = await ask(form, "o4-mini", content);
    const { text, spent } = await ask(form, "window", content);
    expect([form.said(text), form.ending(text)]).toEqual([FIFTY, form.blocked]);
    expect(spent).toEqual(cost);
    expect(spent).toMatchObject({ requests: 1, reserved: 0 });
  });
});

// The second window is judged while the first one is being written to somebody who reads nothing.
it.each(FORMS)("a slow caller of %s loses nothing when the last verdict comes while a write waits", async (_, form) => {
  const user = await weir.createUser();
  const said = "emulate-moderation-ms-2000".padEnd(2 * WIDE_CHARS - 10, " a");
  const response = await user.post(form.path, bodyOf(form, "wide", message({ text: said })));
  expect(response.status).toBe(200);
  const judged = await repeatUntil(
    weir.emulation.stats,
    ({ active, by_path: asked }) => active === 0 && asked["/v1/moderations"] === 2,
  );
  expect(judged).toMatchObject({ cancelled: 0 });
  const text = await response.text();
  expect(form.said(text)).toBe(said);
  expect(form.ending(text)).toBe("finished");
  expect(text).toMatch(/"usage":\{/);
  expect(await user.settled()).toMatchObject({ requests: 1, reserved: 0 });
});
