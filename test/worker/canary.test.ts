import { beforeEach, describe, expect, it } from "vitest";
import { isInCanary } from "../../src/core/catalog/canary.ts";
import { edition, move, pointerInKv, put, startAnew } from "../support/catalog-operator.ts";
import type { Surface } from "../support/surface.ts";
import { ask, OPENAI, SLIM } from "../support/surface.ts";
import { createUser } from "../support/workerd.ts";

const USERS = 24;

type User = Awaited<ReturnType<typeof createUser>>;

let users: User[];
let active: string;
let trial: string;

beforeEach(async () => {
  await startAnew();
  active = (await put(edition(1))).revision;
  trial = (await put(edition(2), { activate: "false" })).revision;
  users = await Promise.all(Array.from({ length: USERS }, () => createUser()));
});

async function revisionFor(user: User, surface: Surface = SLIM): Promise<string | null> {
  const response = await ask(user, surface, { tokens: 1 }, false);
  expect(response.status).toBe(200);
  await response.text();
  return response.headers.get("weir-revision");
}

/** The revision that each user gets. */
const revisionsOf = (surface?: Surface) => Promise.all(users.map((user) => revisionFor(user, surface)));

/** The revision that each user should get, by the pointer that is published. */
async function expectedRevisions(): Promise<string[]> {
  const { canary } = (await pointerInKv()) ?? {};
  if (!canary) throw new Error("there is no canary");
  const chosen = await Promise.all(users.map(({ subject }) => isInCanary(canary, { issuer: "weir", subject })));
  return chosen.map((isChosen) => (isChosen ? trial : active));
}

const indexesOf = (revisions: (string | null)[], wanted: string) =>
  revisions.flatMap((revision, index) => (revision === wanted ? [index] : []));

describe.each([
  [SLIM.path, SLIM],
  [OPENAI.path, OPENAI],
])("on %s, a canary", (_, surface) => {
  it("is had by the users in its share, and always by the same ones", async () => {
    await move("canary", { revision: trial, percent: 50 });
    const first = await revisionsOf(surface);
    expect(first).toEqual(await expectedRevisions());
    expect(new Set(first)).toEqual(new Set([active, trial]));
    expect(await revisionsOf(surface)).toEqual(first);
  });
});

describe("a canary", () => {
  it("is the same for a user on every route", async () => {
    await move("canary", { revision: trial, percent: 50 });
    expect(await revisionsOf(SLIM)).toEqual(await revisionsOf(OPENAI));
  });

  it("of 100 percent is everybody's", async () => {
    await move("canary", { revision: trial, percent: 100 });
    expect(new Set(await revisionsOf())).toEqual(new Set([trial]));
  });

  it("that grows takes others in and lets nobody out", async () => {
    await move("canary", { revision: trial, percent: 30 });
    const before = indexesOf(await revisionsOf(), trial);
    await move("canary", { revision: trial, percent: 90 });
    const after = indexesOf(await revisionsOf(), trial);
    expect(after.length).toBeGreaterThan(before.length);
    expect(after).toEqual(expect.arrayContaining(before));
  });

  it("that is dropped leaves everybody with the active revision", async () => {
    await move("canary", { revision: trial, percent: 100 });
    expect(await move("canary", { revision: trial, percent: 0 })).toMatchObject({ active, canary: null });
    expect(new Set(await revisionsOf())).toEqual(new Set([active]));
  });

  it("that is promoted is everybody's, and can be taken back", async () => {
    await move("canary", { revision: trial, percent: 50 });
    expect(await move("activate", { revision: trial })).toMatchObject({ active: trial, canary: null });
    expect(new Set(await revisionsOf())).toEqual(new Set([trial]));
    await move("rollback");
    expect(new Set(await revisionsOf())).toEqual(new Set([active]));
  });

  it("changes plans for its users alone", async () => {
    const { plans, ...rest } = edition(3);
    const document = { ...rest, plans: { ...plans, roomy: { ...plans.roomy, max_output_tokens: 77 } } };
    trial = (await put(document, { activate: "false" })).revision;
    await move("canary", { revision: trial, percent: 50 });
    const expected = (await expectedRevisions()).map((revision) => (revision === trial ? 77 : 2000));
    const usages = await Promise.all(users.map((user) => user.usage()));
    expect(usages.map((usage) => usage.max_output_tokens)).toEqual(expected);
  });
});
