import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { errorOf } from "../support/caller.ts";
import {
  edition,
  list,
  move,
  pointerInKv,
  publisher,
  put,
  startAnew,
  tryMove,
  tryPut,
} from "../support/catalog-operator.ts";
import { ask, SLIM } from "../support/surface.ts";
import { bindings, createUser } from "../support/workerd.ts";

const RACERS = 20;

beforeEach(startAnew);
afterEach(() => {
  vi.restoreAllMocks();
});

async function chatRevision(): Promise<string | null> {
  const response = await ask(await createUser(), SLIM, { tokens: 1 }, false);
  expect(response.status).toBe(200);
  return response.headers.get("weir-revision");
}

/** Two revisions, of which the second is active. */
async function publishTwo() {
  const first = (await put(edition(1))).revision;
  const second = (await put(edition(2))).revision;
  return { first, second };
}

/** What an operator and a user see of what is published. */
async function seen() {
  return { listed: await list(), pointer: await pointerInKv(), used: await chatRevision() };
}

/** From now on KV refuses the publisher every key that begins so. */
async function refuseWrites(prefix: string): Promise<void> {
  await runInDurableObject(publisher(), (instance) => {
    const { CATALOG } = (instance as unknown as { env: typeof bindings }).env;
    const write = CATALOG.put.bind(CATALOG) as (...args: unknown[]) => Promise<void>;
    vi.spyOn(CATALOG, "put").mockImplementation((...args: unknown[]) =>
      String(args[0]).startsWith(prefix) ? Promise.reject(new Error("KV is full")) : write(...args),
    );
  });
}

describe("an activation", () => {
  it("gives everybody an older revision again", async () => {
    const { first, second } = await publishTwo();
    expect(await move("activate", { revision: first })).toMatchObject({
      revision: first,
      active: first,
      previous: second,
    });
    expect(await chatRevision()).toBe(first);
  });

  it("of the bundled catalog takes back what was published", async () => {
    const { second } = await publishTwo();
    expect(await move("activate", { revision: "bundled" })).toMatchObject({ active: "bundled", previous: second });
    expect(await chatRevision()).toBe("bundled");
  });

  it("ends a canary", async () => {
    const { first } = await publishTwo();
    await move("canary", { revision: first, percent: 50 });
    expect(await move("activate", { revision: first })).toMatchObject({ canary: null });
  });
});

describe("a rollback", () => {
  it("gives everybody what was active before, and once more what was active after", async () => {
    const { first, second } = await publishTwo();
    expect(await move("rollback")).toMatchObject({ revision: first, active: first, previous: second });
    expect(await chatRevision()).toBe(first);
    expect(await move("rollback")).toMatchObject({ active: second, previous: first });
    expect(await chatRevision()).toBe(second);
  });

  it("of the first revision returns to the bundled catalog", async () => {
    await put(edition(1));
    expect(await move("rollback")).toMatchObject({ active: "bundled" });
    expect(await chatRevision()).toBe("bundled");
  });

  it("is a 400 while nothing was published", async () => {
    const response = await tryMove("rollback");
    expect(response.status).toBe(400);
    expect((await errorOf(response)).message).toContain("nothing to return to");
  });
});

describe("a move that cannot be made", () => {
  it.each([
    ["activate", { revision: "0123456789abcdef" }, 404, "revision_not_found"],
    ["canary", { revision: "0123456789abcdef", percent: 5 }, 404, "revision_not_found"],
    ["canary", { revision: "bundled", percent: 101 }, 400, "invalid_request"],
    ["canary", { revision: "bundled", percent: -1 }, 400, "invalid_request"],
    ["canary", { revision: "bundled" }, 400, "invalid_request"],
    ["activate", {}, 400, "invalid_request"],
    ["activate", { revision: "../current" }, 400, "invalid_request"],
    ["rollback", { revision: "bundled" }, 400, "unsupported_parameter"],
  ] as const)("%s with %j changes nothing", async (kind, body, status, code) => {
    await publishTwo();
    const before = await seen();
    const response = await tryMove(kind, body);
    expect(response.status).toBe(status);
    expect(await errorOf(response)).toMatchObject({ code });
    expect(await seen()).toEqual(before);
  });

  it("is a canary of what everybody gets already", async () => {
    const { second } = await publishTwo();
    const response = await tryMove("canary", { revision: second, percent: 10 });
    expect(response.status).toBe(400);
    expect((await errorOf(response)).message).toContain(second);
  });

  it("is an activation of a stored document that is no longer a catalog", async () => {
    await bindings.CATALOG.put("catalog:rev:spoilt", JSON.stringify({ schema: 1 }));
    const response = await tryMove("activate", { revision: "spoilt" });
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ code: "invalid_catalog" });
    expect(await chatRevision()).toBe("bundled");
  });
});

describe("`expected`", () => {
  it.each([
    ["PUT", (expected: string) => tryPut(edition(3), { expected })],
    ["activate", (expected: string) => tryMove("activate", { revision: "bundled", expected })],
    ["canary", (expected: string) => tryMove("canary", { revision: "bundled", percent: 1, expected })],
    ["rollback", (expected: string) => tryMove("rollback", { expected })],
  ])("that is not the active one is a 409 for %s, which names the active one", async (_, request) => {
    const { first, second } = await publishTwo();
    const before = await seen();
    const response = await request(first);
    expect(response.status).toBe(409);
    const error = await errorOf(response);
    expect(error).toMatchObject({ type: "invalid_request_error", code: "revision_conflict", param: "expected" });
    expect(error.message).toContain(`'${second}'`);
    expect(await seen()).toEqual(before);
    expect((await request(second)).ok).toBe(true);
  });

  it("can be the bundled catalog", async () => {
    await put(edition(1), { expected: "bundled" });
    expect((await tryPut(edition(2), { expected: "bundled" })).status).toBe(409);
  });

  it(`lets exactly one of ${RACERS} win who publish at the same time`, async () => {
    const { revision: expected } = await put(edition(1));
    const answers = await Promise.all(
      Array.from({ length: RACERS }, (_, index) =>
        tryPut(edition(100 + index), { expected, author: `racer ${index}` }),
      ),
    );
    const winners = answers.filter(({ status }) => status === 201);
    expect(winners).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(RACERS - 1);
    const { revision } = (await (winners[0] as Response).json()) as { revision: string };
    const { active, previous, history } = await list();
    expect({ active, previous, moves: history.length }).toEqual({ active: revision, previous: expected, moves: 2 });
    expect(await pointerInKv()).toMatchObject({ active: revision, previous: expected });
    expect(await chatRevision()).toBe(revision);
  });
});

describe("what is published", () => {
  it("outlives the object's memory", async () => {
    await publishTwo();
    await move("rollback", { author: "ann", note: "it was worse" });
    const before = await seen();
    await evictDurableObject(publisher());
    expect(await seen()).toEqual(before);
  });

  it("is in KV as one pointer and the revisions, and nothing else", async () => {
    const { first, second } = await publishTwo();
    expect(Object.keys((await pointerInKv()) ?? {}).toSorted()).toEqual(["active", "previous", "publishedAt"]);
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
});

describe("while KV takes no writes", () => {
  it.each([
    ["the document", "catalog:rev:"],
    ["the pointer", "catalog:current"],
  ])("a PUT whose write of %s fails is a 503, nothing has moved, and it can be repeated", async (_, prefix) => {
    await publishTwo();
    const before = await seen();
    await refuseWrites(prefix);
    const response = await tryPut(edition(3));
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("2");
    const error = await errorOf(response);
    expect(error).toMatchObject({ type: "server_error", code: "catalog_unavailable" });
    expect(error.message).not.toContain("KV is full");
    expect(await seen()).toEqual(before);
    vi.restoreAllMocks();
    const { revision } = await put(edition(3));
    expect(await chatRevision()).toBe(revision);
  });

  it("a move is a 503, and nothing has moved", async () => {
    const { first } = await publishTwo();
    const before = await seen();
    await refuseWrites("catalog:");
    for (const response of [
      await tryMove("activate", { revision: first }),
      await tryMove("canary", { revision: first, percent: 10 }),
      await tryMove("rollback"),
    ]) {
      expect(response.status).toBe(503);
      expect(await errorOf(response)).toMatchObject({ code: "catalog_unavailable" });
    }
    expect(await seen()).toEqual(before);
  });
});
