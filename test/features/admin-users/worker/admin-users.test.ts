// /admin/users: the operator's access, and descriptions and changes of a user.

import { evictDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, it } from "vitest";
import { requireAdmin } from "../../../../src/core/auth/admin.ts";
import type { Bindings } from "../../../../src/core/env.ts";
import { asAdmin } from "../../../support/admin.ts";
import { errorOf } from "../../../support/caller.ts";
import { bindings, createSend, createUser, send } from "../../../support/workerd.ts";
import { change, describeUser, pathOf, tryChange, useSmallWindows, windowOf } from "../support/operator.ts";

beforeEach(async () => {
  await useSmallWindows();
});

const fail = () => Promise.reject(new Error("out"));

describe("an operator", () => {
  it.each([
    ["no header", {}],
    ["a wrong token", { authorization: "Bearer wrong" }],
    ["an empty token", { authorization: "Bearer " }],
    ["the token without its scheme", { authorization: String(bindings.ADMIN_TOKEN) }],
    ["more than the token", { authorization: `Bearer ${bindings.ADMIN_TOKEN}x` }],
  ])("is refused with %s", async (_, headers) => {
    const response = await send(pathOf("alice"), { headers });
    expect(response.status).toBe(401);
    expect(await errorOf(response)).toMatchObject({ type: "invalid_request_error", code: "invalid_api_key" });
  });

  it("is not a user with a user's token", async () => {
    const user = await createUser();
    const path = `${pathOf(user.subject)}/changes`;
    const response = await user.post(path, { kind: "grant", window: "tokens/month", amount: 1, reason: "mine" });
    expect(response.status).toBe(401);
    expect((await describeUser(user.subject)).changes).toEqual([]);
  });

  it.each([
    ["missing", { ...bindings, ADMIN_TOKEN: undefined }],
    ["empty", { ...bindings, ADMIN_TOKEN: "" }],
  ])("is refused while ADMIN_TOKEN is %s", async (_, env) => {
    for (const token of ["", "undefined", "null", bindings.ADMIN_TOKEN]) {
      await expect(requireAdmin(`Bearer ${token}`, env as Bindings), token).rejects.toMatchObject({ status: 401 });
    }
  });

  it("gets a 503 while the user's object is unreachable", async () => {
    const USER_QUOTA = { getByName: () => ({ account: fail, inspect: fail }) } as unknown as Bindings["USER_QUOTA"];
    const headers = { authorization: `Bearer ${bindings.ADMIN_TOKEN}` };
    expect((await createSend({ USER_QUOTA })(pathOf("alice"), { headers })).status).toBe(503);
  });
});

describe("a user", () => {
  it("without requests has the default plan", async () => {
    expect(await describeUser(crypto.randomUUID())).toMatchObject({
      plan: { stored: null, shown: "roomy" },
      blocked: false,
      tokens_revoked_before: null,
      leases: { running: 0, allowed: 8 },
      jobs: [],
      changes: [],
    });
  });

  it("has the jobs that are not settled", async () => {
    const user = await createUser();
    const amounts = { input: 100, output: 0, minOutput: 0, choices: 1, requests: 1 };
    const bound = { ...amounts, inputNanoUsd: 2_500_000, outputNanoUsd: 0 };
    const reservation = { key: crypto.randomUUID(), model: "o4-mini", bound, leaseMs: 3_600_000, job: "batch" };
    const claim = { plan: "", claimed: "", issuedAt: 0 };
    await user.quota.reserve(claim, { windows: [], concurrent: 1 }, reservation);
    const [job] = (await describeUser(user.subject)).jobs;
    const reserved = { tokens: 100, requests: 1, usd: 0.0025 };
    expect(job).toMatchObject({ kind: "batch", id: null, model: "o4-mini", reserved, expired: false });
    expect(Date.parse(job?.ends_at ?? "") - Date.parse(job?.since ?? "")).toBe(3_600_000);
    await user.quota.nameJob({ key: reservation.key, id: "batch_1" });
    expect((await describeUser(user.subject)).jobs).toEqual([{ ...job, id: "batch_1" }]);
  });

  it.each(["alice", "wier|alice", "|alice", "weir|", "%7C"])("with the id %j is a 400", async (id) => {
    const response = await asAdmin(`/admin/users/${id.includes("%") ? id : encodeURIComponent(id)}`);
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ code: "invalid_request", param: "id" });
  });
});

describe("a change", () => {
  it("is stored with time and reason", async () => {
    const user = await createUser();
    const since = Date.now();
    await change(user.subject, { kind: "block", reason: "spam" });
    expect(await change(user.subject, { kind: "unblock", reason: "a mistake" })).toMatchObject({ blocked: false });
    await evictDurableObject(user.quota);
    const { changes } = await describeUser(user.subject);
    expect(changes).toMatchObject([
      { kind: "block", reason: "spam" },
      { kind: "unblock", reason: "a mistake" },
    ]);
    for (const { at } of changes) expect(Date.parse(String(at))).toBeGreaterThanOrEqual(since);
  });

  it("with an id is applied once, also when it is sent again", async () => {
    const user = await createUser();
    const grant = { kind: "grant", window: "tokens/month", amount: 100, reason: "sorry", id: "grant-1" };
    const first = await change(user.subject, grant);
    const second = await change(user.subject, grant);
    expect(second.changes).toEqual(first.changes);
    expect(windowOf(second, "tokens")).toMatchObject({ limit: 10_100 });
    expect(await errorOf(await tryChange(user.subject, { ...grant, id: "a b" }))).toMatchObject({ param: "id" });
  });

  it("of a grant is added to earlier grants, in dollars for a dollar window", async () => {
    const { subject } = await createUser();
    await change(subject, { kind: "grant", window: "usd/month", amount: 0.25 });
    const described = await change(subject, { kind: "grant", window: "usd/month", amount: 0.5 });
    expect(windowOf(described, "usd")).toMatchObject({ limit: 1.75, left: 1.75 });
  });

  it.each([
    ["without a reason", { kind: "block", reason: "" }],
    ["of an unknown kind", { kind: "delete" }],
    ["with a field of another kind", { kind: "block", plan: "pro" }],
    ["to an unknown plan", { kind: "plan", plan: "constructor" }],
    ["that grants half a token", { kind: "grant", window: "tokens/month", amount: 0.5 }],
    ["that grants too much", { kind: "grant", window: "tokens/month", amount: 1e300 }],
    ["that grants a negative amount", { kind: "grant", window: "tokens/month", amount: -1 }],
    ["that grants no amount", { kind: "grant", window: "tokens/month" }],
    ["that grants in an invalid window", { kind: "grant", window: "tokens/week", amount: 1 }],
    ["that resets an invalid window", { kind: "reset", window: "usd/hour/nonsense" }],
    ["that revokes before a day", { kind: "revoke", before: "2026-11-23" }],
    ["that revokes before a time without a zone", { kind: "revoke", before: "2026-11-23T12:00:00" }],
  ])("%s is a 400, and changes nothing", async (_, request) => {
    const { subject } = await createUser();
    const response = await tryChange(subject, request);
    expect(response.status).toBe(400);
    expect((await errorOf(response)).type).toBe("invalid_request_error");
    expect((await describeUser(subject)).changes).toEqual([]);
  });
});
