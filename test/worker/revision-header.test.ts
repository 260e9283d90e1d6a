import { beforeEach, describe, expect, it } from "vitest";
import type { Bindings } from "../../src/core/env.ts";
import { change } from "../support/admin.ts";
import type { Caller } from "../support/caller.ts";
import { createCaller } from "../support/caller.ts";
import { createCatalog } from "../support/catalog.ts";
import { emulate } from "../support/emulation.ts";
import type { Surface } from "../support/surface.ts";
import { ask, OPENAI, SLIM } from "../support/surface.ts";
import { createSend, createUser, useCatalog } from "../support/workerd.ts";

let revision: string;

beforeEach(async () => {
  const catalog = createCatalog();
  const plans = { ...catalog.plans, pinned: { ...catalog.plans.roomy, models: ["o3"] } };
  const never = { ...catalog.plans.roomy, windows: [{ unit: "requests", per: "month", limit: 0 }] };
  revision = await useCatalog({ ...catalog, plans: { ...plans, tiny: never, single: plans.pinned } });
});

const fail = () => Promise.reject(new Error("out"));
const UNREACHABLE = {
  getByName: () => ({ reserve: fail, account: fail, view: fail, giveBack: fail }),
} as unknown as Bindings["USER_QUOTA"];

const bodyFor = ({ path }: Surface, changes: Record<string, unknown>, script = { tokens: 1 }) => {
  const messages = [{ role: "user", content: emulate(script) }];
  return path === SLIM.path ? { input: emulate(script), ...changes } : { model: "o4-mini", messages, ...changes };
};

async function post(user: Caller, surface: Surface, changes: Record<string, unknown> = {}): Promise<Response> {
  const response = await user.post(surface.path, bodyFor(surface, changes));
  await response.text();
  return response;
}

describe.each([
  [SLIM.path, SLIM],
  [OPENAI.path, OPENAI],
])("on %s the revision of the catalog is named by", (_, surface) => {
  it.each([
    ["streamed", true],
    ["whole", false],
  ])("an answer that comes %s", async (_kind, stream) => {
    const response = await ask(await createUser(), surface, { tokens: 1 }, stream);
    await response.text();
    expect(response.status).toBe(200);
    expect(response.headers.get("weir-revision")).toBe(revision);
  });

  const unsupported = surface === SLIM ? { effort: "xhigh" } : { temperature: 0.5 };
  it.each<[string, number, () => Promise<Response>]>([
    ["what the model does not support", 400, async () => post(await createUser(), surface, unsupported)],
    ["a model that the plan does not include", 403, async () => post(await createUser("single"), surface)],
    ["a model that there is not", 404, async () => post(await createUser(), surface, { model: "gone" })],
    ["a quota that is used up", 429, async () => post(await createUser("tiny"), surface)],
    [
      "a user who is blocked",
      403,
      async () => {
        const user = await createUser();
        await change(user.subject, { kind: "block" });
        return post(user, surface);
      },
    ],
    ["a provider that fails", 502, async () => ask(await createUser(), surface, { status: 500 })],
    [
      "a provider that is not configured",
      500,
      async () => post(createCaller(createSend({ OPENAI_API_KEY: "" }), (await createUser()).token), surface),
    ],
    [
      "a quota that cannot be reached",
      503,
      async () => {
        return post(createCaller(createSend({ USER_QUOTA: UNREACHABLE }), (await createUser()).token), surface);
      },
    ],
  ])("the refusal of %s: a %i", async (_kind, status, request) => {
    const response = await request();
    expect(response.status).toBe(status);
    expect(response.headers.get("weir-revision")).toBe(revision);
  });
});
