import { beforeEach, describe, expect, it } from "vitest";
import type { Plan } from "../../src/core/catalog/schema.ts";
import type { Caller } from "../support/caller.ts";
import { errorOf } from "../support/caller.ts";
import { createCatalogOf } from "../support/catalog.ts";
import { emulate } from "../support/emulation.ts";
import { OPENAI, SLIM } from "../support/surface.ts";
import { createUser, emulation, useCatalog } from "../support/workerd.ts";

const usePlan = (plan: Partial<Plan>) => useCatalog(createCatalogOf(plan));

const bodies: Record<string, (model: string) => Record<string, unknown>> = {
  [SLIM.path]: (model) => ({ model, input: emulate({ tokens: 1 }) }),
  [OPENAI.path]: (model) => ({ model, messages: [{ role: "user", content: emulate({ tokens: 1 }) }] }),
};

async function askModel(user: Caller, model: string, path = SLIM.path): Promise<Response> {
  const response = await user.post(path, bodies[path]?.(model));
  if (response.status === 200) await response.text();
  return response;
}

beforeEach(async () => {
  await emulation.zero();
});

describe("a plan that names its models", () => {
  it.each([SLIM.path, OPENAI.path])("refuses any other on %s, and nothing is sent", async (path) => {
    await usePlan({ models: ["o3-mini"] });
    const user = await createUser();
    const response = await askModel(user, "o4-mini", path);
    expect(response.status).toBe(403);
    const error = await errorOf(response);
    expect(error).toMatchObject({ type: "invalid_request_error", code: "model_not_allowed", param: "model" });
    expect(error.message).toContain("o3-mini");
    expect((await emulation.stats()).requests).toBe(0);
    expect(await user.settled()).toEqual({ tokens: 0, requests: 0, reserved: 0 });
  });

  it.each([
    ["the alias", ["o4-mini"], ["default", "o4-mini"], ["o4-mini-2025-04-16", "o3-mini"]],
    ["the snapshot", ["o4-mini-2025-04-16"], ["default", "o4-mini", "o4-mini-2025-04-16"], ["o3-mini"]],
    ["nothing", [], [], ["default", "o4-mini"]],
  ])("by %s serves what leads there, and no more", async (_, models, served, refused) => {
    // A card and its alias have the same name in the bundled catalog, so the card is renamed.
    const catalog = createCatalogOf({ models });
    const { "o4-mini": card, o3, ...cards } = catalog.cards;
    await useCatalog({ ...catalog, cards: { ...cards, o3: { ...o3, compare: [] }, "o4-mini-card": card } });
    const user = await createUser();
    for (const model of served) expect((await askModel(user, model)).status, model).toBe(200);
    for (const model of refused) expect((await askModel(user, model)).status, model).toBe(403);
  });

  it("by a card serves every name of it", async () => {
    await usePlan({ models: ["o4-mini"] });
    const user = await createUser();
    for (const model of ["default", "o4-mini", "o4-mini-2025-04-16"]) {
      expect((await askModel(user, model)).status, model).toBe(200);
    }
    expect((await askModel(user, "o3-mini")).status).toBe(403);
  });
});

describe("a window for some models", () => {
  const windows: Plan["windows"] = [
    { unit: "requests", per: "month", limit: 100 },
    { unit: "requests", per: "month", limit: 1, models: ["o3", "o3-mini"] },
    { unit: "usd", per: "month", limit: 1, models: ["o4-mini", "gpt-6.1-terra"] },
  ];

  it("counts and refuses only those", async () => {
    await usePlan({ windows });
    const user = await createUser();
    expect((await askModel(user, "o3")).status).toBe(200);
    await user.settled();
    const refused = await askModel(user, "o3-mini");
    expect(refused.status).toBe(429);
    expect(await errorOf(refused)).toMatchObject({ code: "insufficient_quota" });
    expect((await askModel(user, "o4-mini")).status).toBe(200);
    expect((await askModel(user, "default")).status).toBe(200);
    await user.settled();

    const [all, group, dollars] = (await user.usage()).windows;
    expect(all).toMatchObject({ used: 3, left: 97 });
    expect(group).toMatchObject({ models: ["o3", "o3-mini"], limit: 1, used: 1, left: 0 });
    expect(dollars).toMatchObject({ unit: "usd", models: ["o4-mini", "gpt-6.1-terra"], limit: 1, reserved: 0 });
    expect(dollars?.used).toBeGreaterThan(0);
  });

  it("is told by its own name in what is left", async () => {
    await usePlan({ windows });
    const response = await (
      await createUser()
    ).post(SLIM.path, { model: "o3", input: emulate({ tokens: 1 }), stream: false });
    expect(await response.json()).toMatchObject({
      left: { "requests/month": 99, "requests/month/o3,o3-mini": 0, "usd/month/gpt-6.1-terra,o4-mini": 1 },
    });
  });
});
