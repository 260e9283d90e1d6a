// Moves of the catalog's pointer: activation, rollback, canary, conflicts, and failing KV.

import { runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { isInCanary } from "../../../../src/core/catalog/canary.ts";
import { catalogFor } from "../../../../src/core/catalog/store.ts";
import { errorOf } from "../../../support/caller.ts";
import { bindings, startAnew } from "../../../support/workerd.ts";
import {
  edition,
  list,
  move,
  pointerInKv,
  publisher,
  put,
  revisionInUse,
  tryMove,
  tryPut,
} from "../support/operator.ts";

const RACERS = 20;

beforeEach(startAnew);
afterEach(() => void vi.restoreAllMocks());

/** Two revisions, of which the second is active. */
async function publishTwo() {
  const first = (await put(edition(1))).revision;
  const second = (await put(edition(2))).revision;
  return { first, second };
}

/** The publication for the operator, in KV and for callers. */
const snapshot = async () => ({ listed: await list(), pointer: await pointerInKv(), used: await revisionInUse() });

describe("a move", () => {
  it("activates an older revision, rolls back, and activates the bundled catalog", async () => {
    const { first, second } = await publishTwo();
    const moved = { revision: first, active: first, previous: second };
    expect(await move("activate", { revision: first })).toMatchObject(moved);
    expect(await revisionInUse()).toBe(first);
    expect(await move("rollback")).toMatchObject({ active: second, previous: first });
    expect(await revisionInUse()).toBe(second);
    expect(await move("activate", { revision: "bundled" })).toMatchObject({ active: "bundled", previous: second });
    expect(await revisionInUse()).toBe("bundled");
  });

  it("writes only the pointer and the revisions to KV", async () => {
    const { first, second } = await publishTwo();
    await move("canary", { revision: first, percent: 12.5 });
    const { keys } = await bindings.CATALOG.list();
    expect(keys.map(({ name }) => name).toSorted()).toEqual(
      ["catalog:current", `catalog:rev:${first}`, `catalog:rev:${second}`].toSorted(),
    );
    expect(await pointerInKv()).toEqual({
      active: second,
      previous: first,
      canary: { revision: first, percent: 12.5, salt: expect.any(String) as string },
      publishedAt: expect.any(Number) as number,
    });
  });

  it.each([
    ["activate", { revision: "0123456789abcdef" }, 404, "revision_not_found"],
    ["canary", { revision: "0123456789abcdef", percent: 5 }, 404, "revision_not_found"],
    ["canary", { revision: "bundled", percent: 101 }, 400, "invalid_request"],
    ["canary", { revision: "bundled" }, 400, "invalid_request"],
    ["activate", { revision: "../current" }, 400, "invalid_request"],
    ["rollback", { revision: "bundled" }, 400, "unsupported_parameter"],
  ] as const)("that is refused changes nothing: %s with %j", async (kind, body, status, code) => {
    await publishTwo();
    const before = await snapshot();
    const response = await tryMove(kind, body);
    expect(response.status).toBe(status);
    expect(await errorOf(response)).toMatchObject({ code });
    expect(await snapshot()).toEqual(before);
  });

  it("to an invalid revision, or back from the first one, is a 400", async () => {
    await bindings.CATALOG.put("catalog:rev:spoilt", JSON.stringify({ schema: 1 }));
    const response = await tryMove("activate", { revision: "spoilt" });
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ code: "invalid_catalog" });
    expect((await tryMove("rollback")).status).toBe(400);
    expect(await revisionInUse()).toBe("bundled");
  });
});

describe("`expected`", () => {
  it.each([
    ["PUT", (expected: string) => tryPut(edition(3), { expected })],
    ["rollback", (expected: string) => tryMove("rollback", { expected })],
  ])("that is not the active revision is a 409 for %s", async (_, request) => {
    const { first, second } = await publishTwo();
    const before = await snapshot();
    const response = await request(first);
    expect(response.status).toBe(409);
    const error = await errorOf(response);
    expect(error).toMatchObject({ type: "invalid_request_error", code: "revision_conflict", param: "expected" });
    expect(error.message).toContain(`'${second}'`);
    expect(await snapshot()).toEqual(before);
    expect((await request(second)).ok).toBe(true);
  });

  it(`accepts exactly one of ${RACERS} concurrent publications`, async () => {
    const { revision: expected } = await put(edition(1), { expected: "bundled" });
    const racers = Array.from({ length: RACERS }, (_, index) => tryPut(edition(100 + index), { expected }));
    const answers = await Promise.all(racers);
    const winners = answers.filter(({ status }) => status === 201);
    expect(winners).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(RACERS - 1);
    const { revision } = (await (winners[0] as Response).json()) as { revision: string };
    const { active, previous, history } = await list();
    expect({ active, previous, moves: history.length }).toEqual({ active: revision, previous: expected, moves: 2 });
    expect(await revisionInUse()).toBe(revision);
  });
});

/** Makes KV refuse the publisher's writes of keys with this prefix. */
const refuseWrites = (prefix: string) =>
  runInDurableObject(publisher(), (instance) => {
    const { CATALOG } = (instance as unknown as { env: typeof bindings }).env;
    const write = CATALOG.put.bind(CATALOG) as (...args: unknown[]) => Promise<void>;
    vi.spyOn(CATALOG, "put").mockImplementation((...args: unknown[]) =>
      String(args[0]).startsWith(prefix) ? Promise.reject(new Error("KV is full")) : write(...args),
    );
  });

describe("while KV refuses writes", () => {
  it.each([
    ["the document", "catalog:rev:"],
    ["the pointer", "catalog:current"],
  ])("a PUT whose write of %s fails is a 503 that changes nothing and can be repeated", async (_, prefix) => {
    await publishTwo();
    const before = await snapshot();
    await refuseWrites(prefix);
    const response = await tryPut(edition(3));
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "2"]);
    const error = await errorOf(response);
    expect(error).toMatchObject({ type: "server_error", code: "catalog_unavailable" });
    expect(error.message).not.toContain("KV is full");
    expect(await snapshot()).toEqual(before);
    vi.restoreAllMocks();
    const { revision } = await put(edition(3));
    expect(await revisionInUse()).toBe(revision);
  });
});

describe("a canary", () => {
  const USERS = Array.from({ length: 24 }, (_, index) => ({ issuer: "weir", subject: `user ${index}` }));
  /** The revision of each user. */
  const revisions = () =>
    Promise.all(
      USERS.map(async (user) => (await catalogFor(user, bindings.CATALOG, Date.now(), () => undefined)).revision),
    );
  let active: string;
  let trial: string;
  beforeEach(async () => {
    active = (await put(edition(1))).revision;
    trial = (await put(edition(2), { activate: "false" })).revision;
  });

  it("serves its share of the users, and keeps them when it grows", async () => {
    await move("canary", { revision: trial, percent: 50 });
    const { canary } = (await pointerInKv()) ?? {};
    if (!canary) throw new Error("there is no canary");
    const chosen = await Promise.all(USERS.map((user) => isInCanary(canary, user)));
    const first = await revisions();
    expect(first).toEqual(chosen.map((isChosen) => (isChosen ? trial : active)));
    expect(new Set(first)).toEqual(new Set([active, trial]));
    await move("canary", { revision: trial, percent: 90 });
    const grown = await revisions();
    for (const [index, revision] of first.entries()) if (revision === trial) expect(grown[index]).toBe(trial);
  });
});
