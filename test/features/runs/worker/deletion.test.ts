// uses: slim-chat, admin-users
// The deletion of a user cancels and deletes the user's runs.

import { afterEach, expect, it, vi } from "vitest";
import { asAdmin } from "../../../support/admin.ts";
import { createCaller } from "../../../support/caller.ts";
import { emulation, send, signToken, useCatalog } from "../../../support/workerd.ts";
import { holdSettlement } from "../support/object-faults.ts";
import { closingOf, openReader } from "../support/run-events.ts";
import { createRunUser, eventsOf, newKey, runsCatalog, scripted } from "../support/run-user.ts";
import { storedEntries } from "../support/stored-runs.ts";

afterEach(() => void vi.restoreAllMocks());

it("a deleted user's runs are cancelled and gone, also those that run", async () => {
  await useCatalog(runsCatalog());
  await emulation.zero();
  const user = await createRunUser();
  const [ended, running] = [newKey(), newKey()];
  await eventsOf(await user.start(ended, scripted({ tokens: 3 })));
  const reader = openReader(await user.start(running, scripted({ tokens: 5, stall_after: 2 })));
  await reader.until(1);
  const path = `/admin/users/${encodeURIComponent(`weir|${user.subject}`)}`;
  expect((await asAdmin(path, { method: "DELETE" })).status).toBe(200);
  expect(closingOf(await reader.rest())).toMatchObject({ finish: "cancelled" });
  expect(await emulation.idle()).toMatchObject({ cancelled: 1 });
  expect(await storedEntries(user)).toEqual([]);
  expect(await user.inside(({ storage }) => storage.getAlarm())).toBeNull();
  for (const key of [ended, running]) expect((await user.resume(key)).status).toBe(404);
});

it("a run that starts while a user is deleted is refused, or cancelled and gone when its token is newer", async () => {
  await useCatalog(runsCatalog());
  const user = await createRunUser();
  const stalled = scripted({ tokens: 5, stall_after: 2 });
  await openReader(await user.start(newKey(), stalled)).until(1);
  const settling = holdSettlement();
  const path = `/admin/users/${encodeURIComponent(`weir|${user.subject}`)}`;
  const deleted = asAdmin(path, { method: "DELETE" });
  await settling.reached();
  expect((await user.start(newKey(), stalled)).status).toBe(401);
  const token = await signToken(user.subject, { iat: Math.floor(Date.now() / 1000) + 2 });
  const session = createCaller(send, token);
  const key = newKey();
  const reader = openReader(await session.post("/chat", stalled, { headers: { "idempotency-key": key } }));
  await reader.until(1);
  settling.release();
  expect((await deleted).status).toBe(200);
  expect((await session.get(`/chat/${key}`, { headers: { accept: "application/json" } })).status).toBe(404);
  expect(closingOf(await reader.rest())).toMatchObject({ finish: "cancelled" });
  expect(await storedEntries(user)).toEqual([]);
});
