// The quota of POST /chat: lost reservations and settlements, exact counts, and plans with some models only.

import { runDurableObjectAlarm } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Plan } from "../../../../src/core/catalog/schema.ts";
import type { Bindings } from "../../../../src/core/env.ts";
import { UserQuota } from "../../../../src/core/quota/user-quota.ts";
import { dollarsOf, errorOf, NOTHING } from "../../../support/caller.ts";
import { createCatalog, createCatalogOf } from "../../../support/catalog.ts";
import { DONE, finishChunk, textChunk, usageChunk } from "../../../support/chat-chunks.ts";
import { AFTER_LEASE_MS, passTime } from "../../../support/clock.ts";
import { emulate } from "../../../support/emulation.ts";
import { boundOf, PLAN_OUTPUT, priceOf, spendingOf } from "../../../support/estimate.ts";
import { readEvents } from "../../../support/events.ts";
import { watchLog } from "../../../support/log-lines.ts";
import { createUserOf, streamOf } from "../../../support/providers.ts";
import { ask, SLIM } from "../../../support/surface.ts";
import { bindings, createUser, emulation, useCatalog } from "../../../support/workerd.ts";

const COUNTER = "/v1/responses/input_tokens";

const dollars: Plan["windows"][number] = { unit: "usd", per: "month", limit: 10 };
const tokens = (limit: number): Plan["windows"][number] => ({ unit: "tokens", per: "month", limit });

beforeEach(async () => {
  await useCatalog(createCatalog());
  await emulation.zero();
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

it("a lost settlement costs the bound when the lease expires, and is corrected once when it arrives late", async () => {
  await useCatalog(createCatalogOf({ windows: [tokens(10_000_000), { ...dollars, unit: "requests" }, dollars] }));
  const settle = vi.spyOn(UserQuota.prototype, "settle");
  settle.mockImplementationOnce(() => {
    throw new Error("lost");
  });
  const user = await createUser();
  const body = SLIM.body({ tokens: 10 }, true);
  expect(SLIM.failure(await (await user.post(SLIM.path, body)).text())).toBeUndefined();
  expect(await user.usage()).toMatchObject({ leases: { running: 1 } });

  passTime(AFTER_LEASE_MS);
  expect(await runDurableObjectAlarm(user.quota)).toBe(true);
  const bound = boundOf(SLIM, body);
  const usd = priceOf(bound - PLAN_OUTPUT, PLAN_OUTPUT);
  expect(await spendingOf(user)).toEqual({ tokens: bound, requests: 1, reserved: 0, usd });

  const [limits, settlement] = settle.mock.calls[0] ?? [];
  if (!limits || !settlement) throw new Error("nothing was settled");
  const { charge } = settlement;
  const { tokens: spent, nanoUsd } = charge;
  for (const late of [charge, { tokens: 0, requests: 0, nanoUsd: 0 }]) {
    await user.quota.settle(limits, { ...settlement, charge: late });
    expect(await spendingOf(user)).toEqual({ tokens: spent, requests: 1, reserved: 0, usd: nanoUsd / 1e9 });
  }
});

/** An object whose reservations succeed but whose answers are lost. */
const getForgetful = (name: string) => {
  const object = bindings.USER_QUOTA.getByName(name);
  const reserve = async (...call: Parameters<typeof object.reserve>) => {
    await object.reserve(...call);
    throw new Error("the answer was lost");
  };
  return { reserve, giveBack: (key: string) => object.giveBack(key) };
};

it("a reservation with a lost answer is given back, and the request is a 503", async () => {
  const user = await createUser(undefined, {
    USER_QUOTA: { getByName: getForgetful } as unknown as Bindings["USER_QUOTA"],
  });
  expect((await ask(user, SLIM, { tokens: 1 })).status).toBe(503);
  expect(await user.settled()).toEqual(NOTHING);
});

describe("a text with more bytes than the quota has tokens", () => {
  /** 4800 bytes, and about 800 tokens. */
  const LONG_TEXT = `${emulate({ tokens: 5 })}\n${"river ".repeat(800)}`;
  const BODY = { input: LONG_TEXT, stream: true };

  it("is counted by the provider once, and answered when its tokens fit", async () => {
    await useCatalog(createCatalogOf({ windows: [tokens(2000)] }));
    const user = await createUser();
    const response = await user.post(SLIM.path, BODY);
    expect(response.status).toBe(200);
    const spent = SLIM.tokens(await response.text(), true);
    expect((await emulation.stats()).by_path).toEqual({ [COUNTER]: 1, "/v1/chat/completions": 1 });
    expect(await user.settled()).toEqual({ tokens: spent, requests: 0, reserved: 0 });
    const granted = Number(response.headers.get("weir-max-output-tokens"));
    expect(granted).toBeGreaterThan(256);
    expect(granted).toBeLessThan(1200);
  });

  it.each([
    ["after one count when its tokens do not fit either", 900, { [COUNTER]: 1 }],
    ["without a count when its tokens can never fit", 290, {}],
  ])("is a 429 %s", async (_what, limit, asked) => {
    await useCatalog(createCatalogOf({ windows: [tokens(limit)] }));
    const user = await createUser();
    const response = await user.post(SLIM.path, BODY);
    expect(response.status).toBe(429);
    expect(await errorOf(response)).toMatchObject({ code: "plan_limit_exceeded", fits_plan: false });
    expect((await emulation.stats()).by_path).toEqual(asked);
    expect(await user.settled()).toEqual(NOTHING);
  });

  it("is a 429 when the counter cannot be reached, and the provider is not called", async () => {
    await useCatalog(createCatalogOf({ windows: [tokens(2000)] }));
    const asked: string[] = [];
    const user = await createUserOf((request) => {
      asked.push(new URL(request.url).pathname);
      return Promise.reject(new Error("no network"));
    });
    expect((await user.post(SLIM.path, BODY)).status).toBe(429);
    expect(asked).toEqual([COUNTER]);
  });
});

it.each([true, false])("an answer reports and logs at most its bound as its cost (stream: %s)", async (stream) => {
  await useCatalog(createCatalogOf({ windows: [{ ...dollars, limit: 100 }] }));
  const usage = { prompt_tokens: 5_000_000, completion_tokens: 900_000 };
  const choice = { index: 0, message: { content: "Hi" }, finish_reason: "stop" };
  const events = streamOf(textChunk("Hi"), finishChunk(), usageChunk(5_000_000, 900_000), DONE);
  const user = await createUserOf(stream ? events : () => Response.json({ choices: [choice], usage }));
  const log = watchLog();
  const body = SLIM.body({ tokens: 5 }, stream);
  const text = await (await user.post(SLIM.path, body)).text();
  const answer = JSON.parse(stream ? (readEvents(text).at(-1)?.data ?? "") : text) as { usage: { usd: number } };
  const usd = priceOf(boundOf(SLIM, body) - PLAN_OUTPUT, PLAN_OUTPUT);
  await user.settled();
  expect(dollarsOf(await user.usage())).toBe(usd);
  expect(answer.usage.usd).toBe(usd);
  expect(log("metered")).toMatchObject([{ usd, charged: boundOf(SLIM, body) }]);
  expect(log("bound_exceeded")).toHaveLength(1);
});

it.each([true, false])("a caller who leaves during a slow reservation costs nothing (stream: %s)", async (stream) => {
  const [begun, left] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const getSlow = (name: string) => {
    const object = bindings.USER_QUOTA.getByName(name);
    const reserve = async (...call: Parameters<typeof object.reserve>) => {
      begun.resolve();
      await left.promise;
      return object.reserve(...call);
    };
    return { reserve, settle: (...call: Parameters<typeof object.settle>) => object.settle(...call) };
  };
  const user = await createUser(undefined, { USER_QUOTA: { getByName: getSlow } as unknown as Bindings["USER_QUOTA"] });
  const control = new AbortController();
  const response = user.post(SLIM.path, SLIM.body({ tokens: 5 }, stream), { signal: control.signal });
  await begun.promise;
  control.abort();
  left.resolve();
  expect((await response).status).toBe(499);
  expect(await user.settled()).toEqual(NOTHING);
  expect((await emulation.stats()).requests).toBe(0);
});

const body = (model: string) => ({ model, input: emulate({ tokens: 1 }), stream: false });

describe("a plan that names its models", () => {
  it("refuses any other model with a 403, and the provider is not called", async () => {
    await useCatalog(createCatalogOf({ models: ["o3-mini"] }));
    const user = await createUser();
    const response = await user.post(SLIM.path, body("o4-mini"));
    expect(response.status).toBe(403);
    const error = await errorOf(response);
    expect(error).toMatchObject({ type: "invalid_request_error", code: "model_not_allowed", param: "model" });
    expect(error.message).toContain("o3-mini");
    expect((await emulation.stats()).requests).toBe(0);
    expect(await user.settled()).toEqual(NOTHING);
    expect((await user.post(SLIM.path, body("o3-mini"))).status).toBe(200);
  });

  it("can have a window for some models, which counts and refuses only these", async () => {
    const requests = { unit: "requests", per: "month" } as const;
    const group = { ...requests, limit: 1, models: ["o3", "o3-mini"] };
    await useCatalog(createCatalogOf({ windows: [{ ...requests, limit: 100 }, group] }));
    const user = await createUser();
    const first = await user.post(SLIM.path, body("o3"));
    expect(await first.json()).toMatchObject({ left: { "requests/month": 99, "requests/month/o3,o3-mini": 0 } });
    expect((await user.post(SLIM.path, body("o3-mini"))).status).toBe(429);
    expect((await user.post(SLIM.path, body("o4-mini"))).status).toBe(200);
    const { windows } = await user.usage();
    expect(windows.map(({ used }) => used)).toEqual([2, 1]);
  });
});
