// Background answers: reserved while they run, settled when their owner reads them.

import { runDurableObjectAlarm } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createQuotaReader, ONLY_REQUESTS } from "../../../support/caller.ts";
import { AFTER_LEASE_MS, passTime } from "../../../support/clock.ts";
import { boundOf } from "../../../support/estimate.ts";
import { ALIAS, createSturdyCatalog } from "../../../support/fallbacks.ts";
import { createUserOf, failingProvider, status, unreachable } from "../../../support/providers.ts";
import { repeatUntil } from "../../../support/repeat.ts";
import { jsonBytes } from "../../../support/shown-input.ts";
import type { Surface } from "../../../support/surface.ts";
import { OVER_RESPONSES } from "../../../support/surface.ts";
import { bindings, createUser, emulation, useCatalog } from "../../../support/workerd.ts";
import { asking, createSwitchedCatalog, LATER, look, PATH, respond, STORING } from "../support/stored.ts";
import { withSwitches } from "../support/switched-catalog.ts";

/** Never ends. */
const ENDLESS = { tokens: 5, stall_after: 0 };

type User = Awaited<ReturnType<typeof createUser>>;

beforeEach(async () => {
  await useCatalog(createSwitchedCatalog(STORING));
  await emulation.zero();
});
afterEach(() => {
  vi.useRealTimers();
});

const bound = (body: Record<string, unknown>) => boundOf(OVER_RESPONSES as Surface, body);

/** A user's tokens while a request may be running. */
async function tokensOf(user: User) {
  const { windows, leases } = await user.usage();
  return { used: windows[0]?.used, reserved: windows[0]?.reserved, running: leases.running };
}

/** Lets every lease of the user expire. */
async function expire(user: User): Promise<void> {
  passTime(AFTER_LEASE_MS);
  expect(await runDurableObjectAlarm(user.quota)).toBe(true);
}

it("a background answer counts in the budget of the deployment, once its owner has read it", async () => {
  const window = { unit: "tokens", per: "month", limit: 100_000 } as const;
  await useCatalog({ ...createSwitchedCatalog(STORING), budget: { windows: [window] } });
  const budget = createQuotaReader(bindings.USER_QUOTA.getByName("budget"), () => ({
    windows: [window],
    concurrent: 1,
  }));
  const before = (await budget()).windows[0]?.used ?? 0;
  const user = await createUser();
  const { id } = await respond(user, asking({ tokens: 12 }, LATER));
  expect((await budget()).leases.running).toBe(1);
  await look(user, id);
  const after = await repeatUntil(budget, ({ leases }) => leases.running === 0);
  expect((after.windows[0]?.used ?? 0) - before).toBe((await user.settled()).tokens);
});

describe("a background answer", () => {
  it("is acknowledged at once, stays reserved while it runs, and belongs to its owner", async () => {
    const user = await createUser();
    const body = asking(ENDLESS, LATER);
    const response = await user.post(PATH, body);
    expect(response.headers.get("content-type")).toBe("application/json");
    const { id, status: queued } = (await response.json()) as { id: string; status: string };
    expect(queued).toBe("queued");
    const reserved = { used: 0, reserved: bound(body), running: 1 };
    expect(await tokensOf(user)).toEqual(reserved);
    expect(await look(user, id)).toMatchObject({ status: 200, body: { status: "in_progress" } });
    const other = await createUser();
    expect((await look(other, `${id}/cancel`, "POST")).status).toBe(404);
    expect(await tokensOf(user)).toEqual(reserved);
  });

  it.each([
    ["has completed", { tokens: 12, reasoning: 30 }, {}, "completed", 42],
    ["has failed", { tokens: 9, error_after: 4, reasoning: 1 }, {}, "failed", 5],
    ["was truncated", { tokens: 90, reasoning: 1 }, { max_output_tokens: 20 }, "incomplete", 20],
  ])(
    "is settled once by its usage when its owner reads it after it %s",
    async (_how, script, changes, ended, output) => {
      const user = await createUser();
      const { id } = await respond(user, asking(script, { ...LATER, ...changes }));
      const { body } = await look(user, id);
      expect(body).toMatchObject({ status: ended, usage: { output_tokens: output } });
      const spent = { tokens: body.usage?.total_tokens, reserved: 0 };
      expect(await user.settled()).toEqual({ ...spent, requests: 1 + 1 });
      expect((await look(user, `${id}/cancel`, "POST")).body).toEqual(body);
      // The owner is looked up before the action.
      expect(await user.settled()).toEqual({ ...spent, requests: 1 + 1 + 2 });
    },
  );

  it.each([
    ["DELETE", ""],
    ["GET", "/input_items"],
  ])("is settled by its usage at %s%s", async (method, rest) => {
    const [user, other] = await Promise.all([createUser(), createUser()]);
    const asked = asking({ tokens: 12, reasoning: 0 }, LATER);
    // The same for another user, because the usage is gone after a DELETE.
    const { body: same } = await look(other, (await respond(other, asked)).id);
    const { id } = await respond(user, asked);
    expect((await look(user, `${id}${rest}`, method)).status).toBe(200);
    expect(await user.settled()).toEqual({ tokens: same.usage?.total_tokens, requests: 1 + 2, reserved: 0 });
  });

  it.each([
    ["that its owner cancels", ENDLESS, "/cancel", "POST"],
    ["that its owner deletes while it runs", ENDLESS, "", "DELETE"],
    ["without usage", { tokens: 5, no_usage: true }, "", "GET"],
  ])("%s costs its bound, immediately and finally", async (_kind, script, rest, method) => {
    const user = await createUser();
    const body = asking(script, LATER);
    const { id } = await respond(user, body);
    expect((await look(user, `${id}${rest}`, method)).status).toBe(200);
    await look(user, id);
    expect(await user.settled()).toMatchObject({ tokens: bound(body), reserved: 0 });
  });

  it("that its owner reads after the lease has expired is corrected once to its usage", async () => {
    const user = await createUser();
    const body = asking({ tokens: 3 }, LATER);
    const { id } = await respond(user, body);
    await expire(user);
    expect((await user.settled()).tokens).toBe(bound(body));
    const { body: answer } = await look(user, id);
    await look(user, id);
    expect(await user.settled()).toEqual({ tokens: answer.usage?.total_tokens, requests: 1 + 2, reserved: 0 });
  });

  it("counts as a concurrent request", async () => {
    const user = await createUser("single");
    const { id } = await respond(user, asking({ tokens: 1 }, LATER));
    expect((await user.post(PATH, asking({ tokens: 1 }))).status).toBe(429);
    await look(user, id);
    expect((await user.post(PATH, asking({ tokens: 1 }))).status).toBe(200);
  });
});

describe("a background request", () => {
  it("keeps its lease and is charged in full when its caller leaves before the acknowledgement", async () => {
    const asked = Promise.withResolvers<void>();
    const acknowledged = Promise.withResolvers<Response>();
    const user = await createUserOf(() => {
      asked.resolve();
      return acknowledged.promise;
    });
    const control = new AbortController();
    const body = asking({ tokens: 5 }, LATER);
    const response = user.post(PATH, body, { signal: control.signal });
    response.catch(() => undefined);
    await asked.promise;
    control.abort();
    acknowledged.resolve(Response.json({ id: "resp_1", status: "queued", output: [], metadata: {} }));
    await response.catch(() => undefined);
    await expire(user);
    expect(await user.settled()).toMatchObject({ tokens: bound(body), reserved: 0 });
  });

  it.each([
    ["its connection fails", unreachable, 502],
    ["the provider times out", status(504, { "retry-after": "1" }), 504],
  ])("keeps its lease when %s, and is not sent again", async (_how, fault, expected) => {
    await useCatalog(withSwitches(createSturdyCatalog(), STORING));
    const { provider, asked } = failingProvider({ "o4-mini-2025-04-16": [fault] });
    const user = await createUserOf(provider);
    const body = asking({ tokens: 5 }, LATER);
    expect((await user.post(PATH, { ...body, model: ALIAS })).status).toBe(expected);
    expect(asked).toHaveLength(1);
    await expire(user);
    const { tokens, requests } = await user.settled();
    expect(requests).toBe(1);
    expect(tokens).toBeGreaterThan(jsonBytes({ input: body.input }));
  });

  it("costs a request when the provider refuses it", async () => {
    const user = await createUserOf(status(500));
    expect((await user.post(PATH, asking({ tokens: 5 }, LATER))).status).toBe(502);
    expect(await user.settled()).toEqual(ONLY_REQUESTS());
  });
});
