// What a stored answer says of whose it is, and how one in the background ends without who asked for it.

import { runDurableObjectAlarm } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createCaller } from "../support/caller.ts";
import { ALIAS, createSturdyCatalog, status, unreachable } from "../support/fallbacks.ts";
import type { Fault } from "../support/providers.ts";
import { jsonBytes } from "../support/shown-input.ts";
import { asking, createSwitchedCatalog, PATH, respond, STORING } from "../support/switches.ts";
import { createSend, createUser, emulation, useCatalog } from "../support/workerd.ts";

const LATER = { store: true, background: true };
const TEMPLATE_TOKENS = 16;
const PLAN_OUTPUT = 2000;
/** Later than any lease lasts (ms). */
const LEASE_MS = 691_000;

beforeEach(async () => {
  await useCatalog(createSwitchedCatalog(STORING));
  await emulation.zero();
});
afterEach(() => {
  vi.useRealTimers();
});

const boundOf = ({ input }: { input: string }) => jsonBytes({ input }) + TEMPLATE_TOKENS + PLAN_OUTPUT;

/** A user of a provider that a test plays, and the user's object. */
async function createOwnerOf(provider: Fault) {
  const { token, quota } = await createUser();
  const asked: string[] = [];
  const fetch = async (request: Request) => {
    const { model } = await request.json<{ model: string }>();
    asked.push(model);
    return provider();
  };
  return { ...createCaller(createSend({ UPSTREAM: { fetch } as unknown as Fetcher }), token), quota, asked };
}

/** What is used when the lease has ended that nobody settled. */
async function spentInTheEnd(user: Awaited<ReturnType<typeof createOwnerOf>>) {
  expect(await user.usage()).toMatchObject({ leases: { running: 1 } });
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + LEASE_MS });
  expect(await runDurableObjectAlarm(user.quota)).toBe(true);
  return user.settled();
}

describe("the stamp of a stored answer", () => {
  it("names its owner alone, where it ended with its request", async () => {
    const { metadata } = await respond(await createUser(), asking({ tokens: 1 }, { store: true }));
    expect(Object.keys(metadata)).toEqual(["weir_user"]);
  });

  it("names the reservation and the model too, where it goes on in the background", async () => {
    const { metadata } = await respond(await createUser(), asking({ tokens: 1 }, LATER));
    expect(Object.keys(metadata).toSorted()).toEqual(["weir_lease", "weir_model", "weir_user"]);
    expect(metadata).toMatchObject({ weir_model: "o4-mini-2025-04-16" });
  });

  it("is nowhere in a request that is not stored", async () => {
    await respond(await createUser(), asking({ tokens: 1 }, { metadata: { screen: "home" } }));
    expect((await emulation.stats()).last?.body).toMatchObject({ store: false, metadata: { screen: "home" } });
    expect(JSON.stringify((await emulation.stats()).last?.body)).not.toContain("weir_");
  });
});

describe("a request that goes on in the background", () => {
  it("keeps its lease when its caller leaves before it is acknowledged, and is charged in full", async () => {
    const asked = Promise.withResolvers<void>();
    const { promise: acknowledged, resolve: acknowledge } = Promise.withResolvers<void>();
    const user = await createOwnerOf(async () => {
      asked.resolve();
      await acknowledged;
      return Response.json({ id: "resp_1", status: "queued", output: [], metadata: { weir_user: "somebody" } });
    });
    const control = new AbortController();
    const body = asking({ tokens: 5 }, LATER);
    const response = user.post(PATH, body, { signal: control.signal });
    response.catch(() => undefined);
    await asked.promise;
    control.abort();
    acknowledge();
    await response.catch(() => undefined);
    expect(await spentInTheEnd(user)).toEqual({ tokens: boundOf(body), requests: 1, reserved: 0 });
  });

  it("keeps its lease when its connection fails, and nobody else is asked", async () => {
    const catalog = createSturdyCatalog();
    await useCatalog({ ...catalog, responses: { ...catalog.responses, ...STORING } });
    const user = await createOwnerOf(unreachable);
    const response = await user.post(PATH, { ...asking({ tokens: 5 }, LATER), model: ALIAS });
    expect(response.status).toBe(502);
    expect(user.asked).toEqual(["o4-mini-2025-04-16"]);
    const { requests, reserved, tokens } = await spentInTheEnd(user);
    expect({ requests, reserved }).toEqual({ requests: 1, reserved: 0 });
    expect(tokens).toBeGreaterThan(PLAN_OUTPUT);
  });

  it.each([500, 429])("costs nothing when every provider says no (%i)", async (code) => {
    const catalog = createSturdyCatalog();
    await useCatalog({ ...catalog, responses: { ...catalog.responses, ...STORING } });
    const user = await createOwnerOf(status(code));
    const response = await user.post(PATH, { ...asking({ tokens: 5 }, LATER), model: ALIAS });
    expect(response.status).toBeGreaterThanOrEqual(500);
    expect(new Set(user.asked).size).toBeGreaterThan(1);
    expect(await user.settled()).toEqual({ tokens: 0, requests: 0, reserved: 0 });
  });
});
