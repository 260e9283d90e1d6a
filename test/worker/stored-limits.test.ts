// Where a stored answer ends: its owner's standing, what is asked about it, and a gate.

import { beforeEach, describe, expect, it } from "vitest";
import { change } from "../support/admin.ts";
import { errorOf } from "../support/caller.ts";
import { moderatedCatalog } from "../support/moderated.ts";
import { asking, createSwitchedCatalog, look, PATH, respond, STORING } from "../support/switches.ts";
import { createUser, emulation, useCatalog } from "../support/workerd.ts";

const LATER = { store: true, background: true };

const ROUTES = [
  ["GET", ""],
  ["DELETE", ""],
  ["POST", "/cancel"],
  ["GET", "/input_items"],
] as const;

beforeEach(async () => {
  await useCatalog(createSwitchedCatalog(STORING));
  await emulation.zero();
});

describe.each(ROUTES)("%s of a stored answer%s", (method, rest) => {
  it("is refused to a user who is blocked", async () => {
    const user = await createUser();
    const { id } = await respond(user, asking({ tokens: 3 }, { store: true }));
    await change(user.subject, { kind: "block" });
    expect(await look(user, `${id}${rest}`, method)).toMatchObject({
      status: 403,
      body: { error: { code: "user_blocked" } },
    });
  });

  it("is refused to a token that was revoked", async () => {
    const user = await createUser();
    const { id } = await respond(user, asking({ tokens: 3 }, { store: true }));
    await change(user.subject, { kind: "revoke" });
    expect((await look(user, `${id}${rest}`, method)).status).toBe(401);
  });
});

it.each([
  ["DELETE", ""],
  ["GET", "/input_items"],
])("an answer that has ended in the background is settled before %s%s", async (method, rest) => {
  const [user, other] = await Promise.all([createUser(), createUser()]);
  const asked = asking({ tokens: 12, reasoning: 0 }, LATER);
  // The same for somebody else, since after a DELETE nobody can be told the usage.
  const { body: same } = await look(other, (await respond(other, asked)).id);
  const { id } = await respond(user, asked);
  expect((await look(user, `${id}${rest}`, method)).status).toBe(200);
  const tokens = same.usage?.total_tokens;
  expect(await user.settled()).toEqual({ tokens, requests: 1, reserved: 0 });
});

it.each([
  ["stored", { store: true }],
  ["a background one", LATER],
])("an answer that is judged in windows cannot be %s", async (_, fields) => {
  await useCatalog(moderatedCatalog({ alias: { output: "window" }, responses: STORING }));
  const user = await createUser();
  const response = await user.post(PATH, asking({ tokens: 3 }, fields));
  expect(response.status).toBe(400);
  expect(await errorOf(response)).toMatchObject({ code: "unsupported_value" });
  expect(await user.settled()).toEqual({ tokens: 0, requests: 0, reserved: 0 });
});
