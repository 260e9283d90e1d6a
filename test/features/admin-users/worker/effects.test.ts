// uses: slim-chat
// The effect of an operator's change on the user's next requests.

import { beforeEach, describe, expect, it } from "vitest";
import { asAdmin } from "../../../support/admin.ts";
import type { Caller } from "../../../support/caller.ts";
import { createCaller, dollarsOf, errorOf } from "../../../support/caller.ts";
import { createCatalogOf } from "../../../support/catalog.ts";
import { ask, SLIM } from "../../../support/surface.ts";
import { createUser, emulation, send, signToken, useCatalog } from "../../../support/workerd.ts";
import { change, describeUser, pathOf, useSmallWindows, windowOf } from "../support/operator.ts";

beforeEach(async () => {
  await useSmallWindows();
  await emulation.zero();
});

/** Runs a chat to its end and returns its status. */
async function chat(user: Pick<Caller, "post">): Promise<number> {
  const response = await ask(user as Caller, SLIM, { tokens: 1 }, false);
  await response.text();
  return response.status;
}

it("a user's description has the usage of their requests", async () => {
  const user = await createUser();
  expect(await chat(user)).toBe(200);
  const { tokens } = await user.settled();
  const described = await describeUser(user.subject);
  expect(windowOf(described, "tokens")).toMatchObject({ limit: 10_000, used: tokens, reserved: 0 });
  expect(windowOf(described, "usd")?.used).toBe(dollarsOf(await user.usage()));
  const usd = windowOf(described, "usd")?.used;
  const { history } = (await (await asAdmin(`${pathOf(user.subject)}?days=2`)).json()) as { history: object[] };
  expect(history[1]).toMatchObject({ tokens, requests: 1, usd });
  expect((await asAdmin(`${pathOf(user.subject)}?days=32`)).status).toBe(400);
});

it.each(["auth0|0123456789", "50%25|x", "a/b?c#d", "zoë ß 水"])(
  "a change applies to the subject %j",
  async (subject) => {
    const user = createCaller(send, await signToken(subject));
    await change(subject, { kind: "reset", window: "requests/month" });
    expect(await chat(user)).toBe(200);
    await change(subject, { kind: "block" });
    expect(await chat(user)).toBe(403);
  },
);

it("a stored plan takes precedence over the token's claim, until it is removed", async () => {
  const user = await createUser("tiny");
  expect(await chat(user)).toBe(429);
  const plan = { stored: "single", shown: "single" };
  expect(await change(user.subject, { kind: "plan", plan: "single" })).toMatchObject({ plan });
  expect(await chat(user)).toBe(200);
  await useCatalog(createCatalogOf({ models: ["o3-mini"] }));
  await change(user.subject, { kind: "plan", plan: "roomy" });
  expect(await chat(user)).toBe(403);
  await change(user.subject, { kind: "plan", plan: null });
  expect(await chat(user)).toBe(429);
});

it("a grant raises the limit, and a reset clears only its window", async () => {
  const user = await createUser();
  expect([await chat(user), await chat(user), await chat(user)]).toEqual([200, 200, 429]);
  const granted = await change(user.subject, { kind: "grant", window: "requests/month", amount: 1 });
  expect(windowOf(granted, "requests")).toMatchObject({ limit: 3, used: 2, left: 1 });
  expect([await chat(user), await chat(user)]).toEqual([200, 429]);
  const before = await describeUser(user.subject);
  const after = await change(user.subject, { kind: "reset", window: "requests/month" });
  expect(windowOf(after, "requests")).toMatchObject({ used: 0, left: 3 });
  expect(windowOf(after, "tokens")).toEqual(windowOf(before, "tokens"));
  expect(await chat(user)).toBe(200);
});

it("a blocked user gets a 403 until the unblock, and other users do not", async () => {
  const [user, other] = [await createUser(), await createUser()];
  expect(await change(user.subject, { kind: "block" })).toMatchObject({ blocked: true });
  const response = await ask(user, SLIM, { tokens: 1 });
  expect(response.status).toBe(403);
  expect(await errorOf(response)).toMatchObject({ type: "invalid_request_error", code: "user_blocked" });
  expect((await emulation.stats()).requests).toBe(0);
  expect(await chat(other)).toBe(200);
  await change(user.subject, { kind: "unblock" });
  expect(await chat(user)).toBe(200);
});

describe("a revocation", () => {
  const MOMENT = "2026-11-23T12:00:00Z";
  const SECOND = Date.parse(MOMENT) / 1000;

  it("refuses tokens from before its time, or without a time", async () => {
    const subject = crypto.randomUUID();
    const statusOf = async (claims: object) => chat(createCaller(send, await signToken(subject, { ...claims })));
    expect(await change(subject, { kind: "revoke", before: MOMENT })).toMatchObject({
      tokens_revoked_before: new Date(MOMENT).toISOString(),
    });
    expect(await statusOf({ iat: SECOND })).toBe(200);
    expect([await statusOf({ iat: SECOND - 1 }), await statusOf({})]).toEqual([401, 401]);
  });

  it("without a time refuses all tokens until now", async () => {
    const subject = crypto.randomUUID();
    const now = Math.floor(Date.now() / 1000);
    await change(subject, { kind: "revoke" });
    expect(await chat(createCaller(send, await signToken(subject, { iat: now - 1 })))).toBe(401);
    expect(await chat(createCaller(send, await signToken(subject, { iat: now + 1 })))).toBe(200);
  });
});
