// uses: slim-chat, admin-users
// The deletion of a user cancels and deletes the user's runs.

import { expect, it } from "vitest";
import { asAdmin } from "../../../support/admin.ts";
import { emulation, useCatalog } from "../../../support/workerd.ts";
import { closingOf, openReader } from "../support/run-events.ts";
import { createRunUser, eventsOf, newKey, runsCatalog, scripted } from "../support/run-user.ts";
import { storedEntries } from "../support/stored-runs.ts";

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
