import { evictDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, it } from "vitest";
import { requireAdmin } from "../../src/core/auth/admin.ts";
import type { Bindings } from "../../src/core/env.ts";
import type { Described } from "../support/admin.ts";
import { asAdmin, change, describeUser, pathOf, tryChange } from "../support/admin.ts";
import type { Caller } from "../support/caller.ts";
import { createCaller, dollarsOf, errorOf } from "../support/caller.ts";
import { createCatalogOf } from "../support/catalog.ts";
import { ask, SLIM } from "../support/surface.ts";
import { bindings, createUser, emulation, send, signToken, useCatalog } from "../support/workerd.ts";

beforeEach(async () => {
  await useCatalog(
    createCatalogOf({
      windows: [
        { unit: "tokens", per: "month", limit: 10_000 },
        { unit: "requests", per: "month", limit: 2 },
        { unit: "usd", per: "month", limit: 1 },
      ],
    }),
  );
  await emulation.zero();
});

/** The status of the user's next chat. */
async function chat(user: Caller): Promise<number> {
  const response = await ask(user, SLIM, { tokens: 1 });
  await response.text();
  if (response.status === 200) await user.settled();
  return response.status;
}

const windowOf = ({ windows }: Pick<Described, "windows">, unit: string) =>
  windows.find((window) => window.unit === unit);

describe("who may administer", () => {
  it.each([
    ["no header", {}],
    ["a wrong token", { authorization: "Bearer wrong" }],
    ["an empty token", { authorization: "Bearer " }],
    ["the token without its scheme", { authorization: String(bindings.ADMIN_TOKEN) }],
    ["more than the token", { authorization: `Bearer ${bindings.ADMIN_TOKEN}x` }],
  ])("not who sends %s", async (_, headers) => {
    const response = await send(pathOf("alice"), { headers });
    expect(response.status).toBe(401);
    expect(await errorOf(response)).toMatchObject({ type: "invalid_request_error", code: "invalid_api_key" });
  });

  it("not a user, of whom nothing is changed", async () => {
    const user = await createUser();
    const path = `${pathOf(user.subject)}/changes`;
    const response = await user.post(path, { kind: "grant", window: "tokens/month", amount: 1, reason: "mine" });
    expect(response.status).toBe(401);
    expect((await describeUser(user.subject)).changes).toEqual([]);
  });

  it.each([
    ["not set", { ...bindings, ADMIN_TOKEN: undefined }],
    ["empty", { ...bindings, ADMIN_TOKEN: "" }],
  ])("nobody while ADMIN_TOKEN is %s", async (_, env) => {
    for (const token of ["", "undefined", "null", bindings.ADMIN_TOKEN]) {
      await expect(requireAdmin(`Bearer ${token}`, env as Bindings), token).rejects.toMatchObject({ status: 401 });
    }
    await expect(requireAdmin(undefined, env as Bindings)).rejects.toMatchObject({ status: 401 });
  });
});

describe("a user", () => {
  it("that never asked anything is described, under the default plan", async () => {
    expect(await describeUser(crypto.randomUUID())).toMatchObject({
      plan: { stored: null, shown: "roomy" },
      blocked: false,
      tokens_revoked_before: null,
      leases: { running: 0, allowed: 8 },
      changes: [],
    });
  });

  it("is described with the use of their own requests", async () => {
    const user = await createUser();
    expect(await chat(user)).toBe(200);
    const { tokens } = await user.settled();
    const described = await describeUser(user.subject);
    expect(windowOf(described, "tokens")).toMatchObject({ limit: 10_000, used: tokens, reserved: 0 });
    expect(windowOf(described, "usd")?.used).toBe(dollarsOf(await user.usage()));
  });

  it.each([
    ["with a bar, as Auth0 names them", "auth0|0123456789"],
    ["with a percent sign", "50%25|x"],
    ["with a slash and a question mark", "a/b?c#d"],
    ["beyond ASCII", "zoë ß 水"],
  ])("is found by a subject %s", async (_, subject) => {
    const user = createCaller(send, await signToken(subject));
    await change(subject, { kind: "reset", window: "requests/month" });
    expect(await chat(user)).toBe(200);
    await change(subject, { kind: "block" });
    expect(await chat(user)).toBe(403);
  });

  it.each(["alice", "wier|alice", "|alice", "weir|", "|", "%7C"])(
    "named %j is not named, and that is a 400",
    async (id) => {
      const response = await asAdmin(`/admin/users/${id.includes("%") ? id : encodeURIComponent(id)}`);
      expect(response.status).toBe(400);
      expect(await errorOf(response)).toMatchObject({ code: "invalid_request", param: "id" });
    },
  );
});

describe("a stored plan", () => {
  it("wins over what the token claims, from the next request on, until it is taken away", async () => {
    const user = await createUser("tiny");
    expect(await chat(user)).toBe(429);
    expect(await change(user.subject, { kind: "plan", plan: "single" })).toMatchObject({
      plan: { stored: "single", shown: "single" },
    });
    expect(await user.usage()).toMatchObject({ plan: "single", leases: { allowed: 1 } });
    expect(await chat(user)).toBe(200);
    await change(user.subject, { kind: "plan", plan: "pro" });
    expect(await user.usage()).toMatchObject({ plan: "pro" });
    await change(user.subject, { kind: "plan", plan: null });
    expect(await user.usage()).toMatchObject({ plan: "tiny" });
    expect(await chat(user)).toBe(429);
  });

  it("decides which models may be used, although the claimed one decides otherwise", async () => {
    const catalog = createCatalogOf({ models: ["o3-mini"] });
    await useCatalog(catalog);
    const user = await createUser();
    expect(await chat(user)).toBe(403);
    await change(user.subject, { kind: "plan", plan: "single" });
    expect(await chat(user)).toBe(200);

    const other = await createUser("single");
    await change(other.subject, { kind: "plan", plan: "roomy" });
    expect(await chat(other)).toBe(403);
  });

  it("that the catalog does not have is a 400", async () => {
    const response = await tryChange("alice", { kind: "plan", plan: "constructor" });
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ code: "invalid_request", param: "plan" });
  });
});

describe("a grant", () => {
  it("serves requests beyond the limit", async () => {
    const user = await createUser();
    expect([await chat(user), await chat(user), await chat(user)]).toEqual([200, 200, 429]);
    const described = await change(user.subject, { kind: "grant", window: "requests/month", amount: 1 });
    expect(windowOf(described, "requests")).toMatchObject({ limit: 3, used: 2, left: 1 });
    expect([await chat(user), await chat(user)]).toEqual([200, 429]);
  });

  it("adds to an earlier one, and is in dollars for a window of dollars", async () => {
    const { subject } = await createUser();
    await change(subject, { kind: "grant", window: "usd/month", amount: 0.25 });
    const described = await change(subject, { kind: "grant", window: "usd/month", amount: 0.5 });
    expect(windowOf(described, "usd")).toMatchObject({ limit: 1.75, left: 1.75 });
    expect(described.changes).toMatchObject([{ amount: 0.25 }, { amount: 0.5 }]);
  });

  it.each([
    ["half a token", { window: "tokens/month", amount: 0.5 }],
    ["half a request", { window: "requests/month", amount: 1.5 }],
    ["more than can be counted", { window: "tokens/month", amount: 1e300 }],
    ["less than nothing", { window: "tokens/month", amount: -1 }],
    ["no amount", { window: "tokens/month" }],
    ["a window that cannot be", { window: "tokens/week", amount: 1 }],
  ])("of %s is a 400", async (_, request) => {
    const { subject } = await createUser();
    expect((await tryChange(subject, { kind: "grant", ...request })).status).toBe(400);
    expect((await describeUser(subject)).changes).toEqual([]);
  });
});

describe("a reset", () => {
  it("of a window lets it begin again, and no other", async () => {
    const user = await createUser();
    expect([await chat(user), await chat(user), await chat(user)]).toEqual([200, 200, 429]);
    const before = await describeUser(user.subject);
    const after = await change(user.subject, { kind: "reset", window: "requests/month" });
    expect(windowOf(after, "requests")).toMatchObject({ used: 0, left: 2 });
    expect(windowOf(after, "tokens")).toEqual(windowOf(before, "tokens"));
    expect(await chat(user)).toBe(200);
  });
});

describe("a block", () => {
  it("refuses everything that is metered with 403, until it ends", async () => {
    const user = await createUser();
    expect(await change(user.subject, { kind: "block" })).toMatchObject({ blocked: true });
    const response = await ask(user, SLIM, { tokens: 1 });
    expect(response.status).toBe(403);
    expect(await errorOf(response)).toMatchObject({ type: "invalid_request_error", code: "user_blocked" });
    expect((await user.get("/usage")).status).toBe(403);
    expect((await user.get("/v1/models")).status).toBe(200);
    expect((await emulation.stats()).requests).toBe(0);

    expect(await change(user.subject, { kind: "unblock" })).toMatchObject({ blocked: false });
    expect(await chat(user)).toBe(200);
  });

  it("is nobody else's", async () => {
    const [blocked, other] = [await createUser(), await createUser()];
    await change(blocked.subject, { kind: "block" });
    expect(await chat(other)).toBe(200);
  });
});

describe("revoked tokens", () => {
  const MOMENT = "2026-11-23T12:00:00Z";
  const SECOND = Date.parse(MOMENT) / 1000;

  it("are those issued before the moment, and no others", async () => {
    const subject = crypto.randomUUID();
    const [before, at, silent] = await Promise.all(
      [{ iat: SECOND - 1 }, { iat: SECOND }, {}].map(async (claims) =>
        createCaller(send, await signToken(subject, claims)),
      ),
    );
    expect(await change(subject, { kind: "revoke", before: MOMENT })).toMatchObject({
      tokens_revoked_before: new Date(MOMENT).toISOString(),
    });
    expect((await at?.get("/usage"))?.status).toBe(200);
    for (const caller of [before, silent]) {
      const response = await caller?.post(SLIM.path, SLIM.body({ tokens: 1 }, true));
      expect(response?.status).toBe(401);
      expect(response?.headers.get("www-authenticate")).toBe("Bearer");
    }
  });

  it("are all that there are when no moment is given", async () => {
    const subject = crypto.randomUUID();
    const now = Math.floor(Date.now() / 1000);
    await change(subject, { kind: "revoke" });
    const old = createCaller(send, await signToken(subject, { iat: now - 1 }));
    const fresh = createCaller(send, await signToken(subject, { iat: now + 1 }));
    expect((await old.get("/usage")).status).toBe(401);
    expect((await fresh.get("/usage")).status).toBe(200);
  });

  it.each(["yesterday", "2026-11-23", "2026-11-23T12:00:00", "2026-11-23T12:00:00+05"])(
    "before %j is a 400, since that is no moment",
    async (before) => {
      const { subject } = await createUser();
      expect((await tryChange(subject, { kind: "revoke", before })).status).toBe(400);
      expect((await asAdmin(pathOf(subject))).status).toBe(200);
    },
  );
});

describe("every change", () => {
  it("is kept with its time and reason, in order, and outlives the object's memory", async () => {
    const user = await createUser();
    const since = Date.now();
    await change(user.subject, { kind: "block", reason: "spam" });
    await change(user.subject, { kind: "unblock", reason: "a mistake" });
    await evictDurableObject(user.quota);
    const { changes } = await describeUser(user.subject);
    expect(changes).toMatchObject([
      { kind: "block", reason: "spam" },
      { kind: "unblock", reason: "a mistake" },
    ]);
    for (const { at } of changes) expect(Date.parse(String(at))).toBeGreaterThanOrEqual(since);
  });

  it("is kept while it is one of the last fifty", async () => {
    const { subject } = await createUser();
    for (let turn = 0; turn < 52; turn++) await change(subject, { kind: "block", reason: `turn ${turn}` });
    const { changes } = await describeUser(subject);
    expect(changes.map(({ reason }) => reason)).toEqual(Array.from({ length: 50 }, (_, index) => `turn ${index + 2}`));
  });

  it.each([
    ["without a reason", { kind: "block", reason: "" }],
    ["of an unknown kind", { kind: "delete" }],
    ["with a field that it does not have", { kind: "block", plan: "pro" }],
    ["of a window that no plan has", { kind: "grant", window: "tokens/day/nonsense", amount: 1 }],
    ["that resets a window that no plan has", { kind: "reset", window: "usd/hour/nonsense" }],
  ])("%s is a 400", async (_, request) => {
    const response = await tryChange("alice", request);
    expect(response.status).toBe(400);
    expect((await errorOf(response)).type).toBe("invalid_request_error");
  });
});
