import { beforeEach, describe, expect, it } from "vitest";
import type { Plan } from "../../src/core/catalog/schema.ts";
import { errorOf } from "../support/caller.ts";
import { createCatalogOf } from "../support/catalog.ts";
import { emulate } from "../support/emulation.ts";
import { shownBytes } from "../support/shown-input.ts";
import { OPENAI, SLIM } from "../support/surface.ts";
import { createUser, emulation, useCatalog } from "../support/workerd.ts";

const SNAPSHOT = "o4-mini-2025-04-16";
const TEMPLATE_TOKENS = 16;
const QUESTION = emulate({ tokens: 1 });
const INSTRUCTIONS = "You are a tutor — never tell the answer.";
const FIXED = { role: "system", content: INSTRUCTIONS };

/** The tests' catalog with the alias `tutor`, by which an app asks. */
function useTutor(fixes: Record<string, unknown>, plan: Partial<Plan> = {}) {
  const catalog = createCatalogOf(plan);
  return useCatalog({ ...catalog, aliases: { ...catalog.aliases, tutor: { target: "o4-mini", ...fixes } } });
}

const bodies = {
  [SLIM.path]: (changes: object = {}) => ({ model: "tutor", input: QUESTION, stream: false, ...changes }),
  [OPENAI.path]: (changes: object = {}) => ({
    model: "tutor",
    messages: [{ role: "user", content: QUESTION }],
    ...changes,
  }),
};

/** Sends a body, which must be served, and gives what the provider got of it. */
async function forwarded(path: string, body: Record<string, unknown>) {
  const response = await (await createUser()).post(path, body);
  expect(response.status, await response.clone().text()).toBe(200);
  return { sent: (await emulation.stats()).last?.body ?? {}, headers: response.headers };
}

beforeEach(() => emulation.zero());

describe.each(Object.entries(bodies))("an alias of an app, on %s,", (path, body) => {
  const user = { role: "user", content: QUESTION };
  const capOf = (tokens: number) => (path === SLIM.path ? { max_output_tokens: tokens } : { max_tokens: tokens });
  const effortOf = (effort: string) => (path === SLIM.path ? { effort } : { reasoning_effort: effort });

  it("is answered by the model that it stands for", async () => {
    await useTutor({});
    const { sent, headers } = await forwarded(path, body());
    expect(sent).toMatchObject({ model: SNAPSHOT, messages: [user] });
    expect(headers.get("weir-model")).toBe(SNAPSHOT);
  });

  it("tells its instructions first, before the caller's own", async () => {
    await useTutor({ instructions: INSTRUCTIONS });
    const callers = { role: "system", content: "You are a pirate." };
    const own = path === SLIM.path ? { instructions: callers.content } : { messages: [callers, user] };
    const { sent } = await forwarded(path, body(own));
    expect(sent.messages).toEqual([FIXED, callers, user]);
  });

  it("has its instructions in the bound", async () => {
    const input = shownBytes({ messages: [FIXED, user] }) + TEMPLATE_TOKENS;
    const windows: Plan["windows"] = [{ unit: "tokens", per: "month", limit: input + 300 }];
    await useTutor({ instructions: INSTRUCTIONS }, { windows });
    const { sent, headers } = await forwarded(path, body());
    expect(headers.get("weir-max-output-tokens")).toBe("300");
    expect(sent.max_completion_tokens).toBe(300);
  });

  it("has its effort, which a caller may repeat and not change", async () => {
    await useTutor({ effort: "low" });
    expect((await forwarded(path, body())).sent.reasoning_effort).toBe("low");
    expect((await forwarded(path, body(effortOf("low")))).sent.reasoning_effort).toBe("low");
    await emulation.zero();
    const caller = await createUser();
    const response = await caller.post(path, body(effortOf("high")));
    expect(response.status).toBe(400);
    const error = await errorOf(response);
    expect(error).toMatchObject({ code: "unsupported_value", param: Object.keys(effortOf("high"))[0] });
    expect(error.message).toContain("'low'");
    expect((await emulation.stats()).requests).toBe(0);
    expect(await caller.settled()).toEqual({ tokens: 0, requests: 0, reserved: 0 });
  });

  it("has its output limit, below which a caller may stay", async () => {
    await useTutor({ max_output_tokens: 400 });
    expect((await forwarded(path, body())).sent.max_completion_tokens).toBe(400);
    expect((await forwarded(path, body(capOf(1000)))).sent.max_completion_tokens).toBe(400);
    expect((await forwarded(path, body(capOf(50)))).sent.max_completion_tokens).toBe(50);
  });

  it("has never more output than the plan", async () => {
    await useTutor({ max_output_tokens: 100_000 });
    expect((await forwarded(path, body())).sent.max_completion_tokens).toBe(2000);
  });

  it("can be all that a plan includes, so that its instructions cannot be got around", async () => {
    await useTutor({ instructions: INSTRUCTIONS }, { models: ["tutor"] });
    expect((await forwarded(path, body())).sent.messages).toEqual([FIXED, user]);
    for (const model of ["o4-mini", "default", SNAPSHOT]) {
      const response = await (await createUser()).post(path, body({ model }));
      expect(response.status, model).toBe(403);
      expect((await errorOf(response)).message).toContain("It includes: tutor.");
    }
  });

  it("takes what it does not fix from the alias that it stands for, whose words are not told twice", async () => {
    const catalog = createCatalogOf({});
    const tutor = { target: "strict-tutor", effort: "high" };
    const strict = { target: "o4-mini", instructions: INSTRUCTIONS, effort: "low", max_output_tokens: 300 };
    await useCatalog({ ...catalog, aliases: { ...catalog.aliases, tutor, "strict-tutor": strict } });
    const { sent } = await forwarded(path, body());
    expect(sent).toMatchObject({ reasoning_effort: "high", max_completion_tokens: 300, messages: [FIXED, user] });
  });
});
