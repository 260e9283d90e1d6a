// The routes of stored answers and conversations: only for the owner, only with a valid id and query.

import { beforeEach, describe, expect, it } from "vitest";
import type { Caller } from "../../../support/caller.ts";
import { ONLY_REQUESTS } from "../../../support/caller.ts";
import { createCatalog } from "../../../support/catalog.ts";
import { createUser, emulation, useCatalog } from "../../../support/workerd.ts";
import {
  asking,
  converse,
  createSwitchedCatalog,
  look,
  lookAt,
  respond,
  restrict,
  STORING,
} from "../support/stored.ts";

const KINDS = {
  resp: {
    create: (user: Caller, metadata: object) => respond(user, asking({ tokens: 1 }, { store: true, metadata })),
    visit: look,
    lists: "/input_items",
    allowedBy: "responses.store.",
  },
  conv: {
    create: (user: Caller, metadata: object) => converse(user, { metadata }),
    visit: lookAt,
    lists: "/items",
    allowedBy: "responses.conversations.",
  },
};
const METADATA = { screen: "home" };

beforeEach(async () => {
  await useCatalog(createSwitchedCatalog({ ...STORING, conversations: true }));
  await emulation.zero();
});

describe.each([
  ["GET", "resp", ""],
  ["DELETE", "resp", ""],
  ["POST", "resp", "/cancel"],
  ["GET", "resp", "/input_items"],
  ["GET", "conv", ""],
  ["DELETE", "conv", ""],
  ["GET", "conv", "/items"],
] as const)("%s %s_…%s", (method, prefix, rest) => {
  const { create, visit, allowedBy } = KINDS[prefix];

  it("is a 404 for another user, with the same message as an unknown id, and has no effect", async () => {
    const owner = await createUser();
    const { id } = await create(owner, METADATA);
    const other = await createUser();
    const refused = await visit(other, `${id}${rest}`, method);
    expect(refused).toMatchObject({ status: 404, body: { error: { code: "not_found" } } });
    const unknown = await visit(other, `${prefix}_unknown${rest}`, method);
    expect(JSON.stringify(unknown).replace(`${prefix}_unknown`, id)).toBe(JSON.stringify(refused));
    expect((await visit(owner, id)).status).toBe(200);
    expect(await other.settled()).toEqual(ONLY_REQUESTS(2));
  });

  it("never reaches the provider with an invalid id or an unknown query", async () => {
    const user = await createUser();
    const other = prefix === "resp" ? "conv_1" : "resp_1";
    for (const id of ["nothing", other, `${prefix}_..`, `${prefix}_a%2Fb`, `${prefix}_a%3Fb`, "..%2Fmodels"]) {
      expect((await visit(user, `${id}${rest}`, method)).status, id).toBe(404);
    }
    const refused = await visit(user, `${prefix}_1${rest}?stream=true`, method);
    expect(refused).toMatchObject({ status: 400, body: { error: { param: "stream" } } });
    expect((await emulation.stats()).requests).toBe(0);
  });

  it("is refused to a blocked user, to a revoked token, and without its switch", async () => {
    const [blocked, revoked] = [await createUser(), await createUser()];
    const { id } = await create(blocked, METADATA);
    await restrict(blocked, "block");
    expect((await visit(blocked, `${id}${rest}`, method)).status).toBe(403);
    await restrict(revoked, "revoke");
    expect((await visit(revoked, `${id}${rest}`, method)).status).toBe(401);
    await useCatalog(createCatalog());
    const { status, body } = await visit(await createUser(), `${id}${rest}`, method);
    expect(status).toBe(404);
    expect(body.error?.message).toContain(allowedBy);
  });
});

describe.each(["resp", "conv"] as const)("a stored object with the id %s_…", (prefix) => {
  const { create, visit, lists } = KINDS[prefix];

  it("is available to its owner with the caller's metadata until it is deleted, and costs only requests", async () => {
    const user = await createUser();
    const created = await create(user, METADATA);
    expect(created.metadata).toMatchObject(METADATA);
    const spent = await user.settled();
    expect(await visit(user, created.id)).toEqual({ status: 200, body: created });
    expect((await visit(user, `${created.id}${lists}?limit=1&order=asc`)).status).toBe(200);
    expect((await visit(user, `${created.id}${lists}?limit=many`)).status).toBe(400);
    expect(await visit(user, created.id, "DELETE")).toMatchObject({ status: 200, body: { deleted: true } });
    expect((await visit(user, created.id)).status).toBe(404);
    expect(await user.settled()).toEqual({ ...spent, requests: spent.requests + 6 });
  });

  it("belongs to its owner, even with forged metadata", async () => {
    const [owner, forger] = [await createUser(), await createUser()];
    const { metadata } = await create(owner, METADATA);
    const before = await owner.settled();
    const forged = await create(forger, { ...metadata, weir_lease: "a", weir_model: "o4-mini" });
    expect((await visit(owner, forged.id)).status).toBe(404);
    expect((await visit(forger, forged.id)).status).toBe(200);
    expect(await owner.settled()).toEqual({ ...before, requests: before.requests + 1 });
  });
});
