// uses: slim-chat
// Export and deletion of a user: everything that Weir holds, and what comes after.

import { runDurableObjectAlarm } from "cloudflare:test";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { asAdmin } from "../../../support/admin.ts";
import { createCaller, NOTHING } from "../../../support/caller.ts";
import { passTime } from "../../../support/clock.ts";
import { ask, SLIM } from "../../../support/surface.ts";
import { rowsOf } from "../../../support/user-quota.ts";
import { createUser, emulation, send, signToken } from "../../../support/workerd.ts";
import { change, describeUser, pathOf, useSmallWindows, windowOf } from "../support/operator.ts";

const [SECOND, DAY] = [1000, 86_400_000];

beforeEach(async () => {
  await useSmallWindows();
  await emulation.zero();
});
afterEach(() => void vi.useRealTimers());

type User = Awaited<ReturnType<typeof createUser>>;

/** A new session of the user: a token that was issued then (epoch ms). */
const signIn = async ({ subject }: User, at: number) =>
  createCaller(send, await signToken(subject, { iat: Math.floor(at / SECOND) }));

const statusOf = async (user: Awaited<ReturnType<typeof signIn>>) => {
  const response = await ask(user, SLIM, { tokens: 1 }, false);
  await response.text();
  return response.status;
};
const erase = (subject: string) => asAdmin(pathOf(subject), { method: "DELETE" });

it("an export holds the windows, the ledger and the decisions", async () => {
  const user = await createUser();
  expect(await statusOf(user)).toBe(200);
  const { tokens } = await user.settled();
  await change(user.subject, { kind: "grant", window: "usd/month", amount: 0.5, reason: "sorry" });
  const response = await asAdmin(`${pathOf(user.subject)}/export`);
  expect(response.status).toBe(200);
  expect(response.headers.get("cache-control")).toBe("no-store");
  expect(await response.json()).toMatchObject({
    issuer: "weir",
    subject: user.subject,
    ...(await describeUser(user.subject)),
    stored: {
      ledger: { version: 3, used: { "tokens/month": { amount: tokens } }, extra: { "usd/month": { amount: 5e8 } } },
      account: { changes: [{ kind: "grant", reason: "sorry" }] },
    },
  });
});

it("a deletion leaves no use and no decision, and refuses every token from before it", async () => {
  const user = await createUser();
  const now = Date.now();
  const session = await signIn(user, now);
  expect(await statusOf(session)).toBe(200);
  await change(user.subject, { kind: "plan", plan: "single", reason: "Alice Liddell paid" });

  const response = await erase(user.subject);
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({ deleted: true, not_deleted: expect.any(Array) as unknown[] });
  expect(await describeUser(user.subject)).toMatchObject({ plan: { stored: null }, changes: [] });
  expect(windowOf(await describeUser(user.subject), "tokens")).toMatchObject({ used: 0, reserved: 0 });
  const rows = JSON.stringify(await rowsOf(user.quota));
  for (const trace of ["Alice", "single", user.subject, "tokens"]) expect(rows).not.toContain(trace);

  expect([await statusOf(session), await statusOf(user)]).toEqual([401, 401]);
  expect(await statusOf(await signIn(user, now + 2 * SECOND))).toBe(200);
  expect((await user.settled()).requests).toBe(1);
});

it("a request that runs during the deletion ends as usual, and is not charged to the new account", async () => {
  const user = await createUser();
  const response = await ask(user, SLIM, { tokens: 20, delay_ms: 5 });
  expect((await user.usage()).leases.running).toBe(1);
  await erase(user.subject);
  expect((await user.usage()).leases.running).toBe(0);
  expect(SLIM.failure(await response.text())).toBeUndefined();
  expect(await user.settled()).toEqual(NOTHING);
});

it("a block stays after the deletion, which could lift it otherwise", async () => {
  const user = await createUser();
  await change(user.subject, { kind: "block", reason: "spam" });
  await erase(user.subject);
  expect(await describeUser(user.subject)).toMatchObject({ blocked: true, changes: [] });
  expect(await statusOf(await signIn(user, Date.now() + 2 * SECOND))).toBe(403);
});

it("the time of the deletion is forgotten after a year, unless an operator has decided something new", async () => {
  const [user, other] = [await createUser(), await createUser()];
  for (const { subject } of [user, other]) await erase(subject);
  await change(other.subject, { kind: "plan", plan: "single" });
  for (const { quota } of [user, other]) await runDurableObjectAlarm(quota);
  expect(await rowsOf(user.quota)).toHaveLength(1);
  passTime(366 * DAY);
  for (const { quota } of [user, other]) await runDurableObjectAlarm(quota);
  expect(await rowsOf(user.quota)).toEqual([]);
  expect(await describeUser(other.subject)).toMatchObject({ plan: { stored: "single" } });
});

it("a deletion can be repeated, also for an unknown user, and needs the admin token", async () => {
  const { subject } = await createUser();
  expect((await send(pathOf(subject), { method: "DELETE" })).status).toBe(401);
  expect([(await erase(subject)).status, (await erase(subject)).status]).toEqual([200, 200]);
});
