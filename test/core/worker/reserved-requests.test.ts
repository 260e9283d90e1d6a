// uses: slim-chat
// A feature that is told about its reservation: it can cancel the request, and knows what the request would cost.

import { createExecutionContext } from "cloudflare:test";
import { Hono } from "hono";
import { beforeEach, expect, it } from "vitest";
import { createApp } from "../../../src/app.ts";
import type { AppEnv } from "../../../src/core/feature.ts";
import type { ReservedRequest } from "../../../src/core/gateway/call.ts";
import { metered } from "../../../src/core/gateway/metered.ts";
import { readBody } from "../../../src/core/http/json-body.ts";
import { slimCall } from "../../../src/features/slim-chat/exchange.ts";
import { SlimRequest } from "../../../src/features/slim-chat/request.ts";
import type { Script } from "../../../dev/provider/kernel/script.ts";
import { createCaller, NOTHING } from "../../support/caller.ts";
import type { TestPlan } from "../../support/catalog.ts";
import { createCatalog, withoutCounter } from "../../support/catalog.ts";
import { emulate } from "../../support/emulation.ts";
import { boundOf, estimateOf } from "../../support/estimate.ts";
import { readEvents, readUntil } from "../../support/events.ts";
import { SLIM } from "../../support/surface.ts";
import { bindings, createUser, emulation, useCatalog } from "../../support/workerd.ts";

beforeEach(async () => {
  await useCatalog(withoutCounter(createCatalog({ coalesce_ms: 0 })));
  await emulation.zero();
});

/** A user of a route that passes each reservation to `onReserved`. `ask` sends a chat that the provider answers so. */
async function deploy(onReserved: (request: ReservedRequest) => void, plan?: TestPlan) {
  const { token, usage } = await createUser(plan);
  const route = new Hono<AppEnv>().post("/", async (c) => {
    const request = await readBody(c.req, SlimRequest);
    return metered({ ...c.get("caller"), readsAlways: true }, { ...slimCall(request), onReserved });
  });
  const app = createApp([{ name: "told", routes: [{ path: "/told", access: "user", app: route, summary: "" }] }]);
  const send = async (path: string, init: RequestInit) =>
    app.fetch(new Request(`http://weir${path}`, init), bindings, createExecutionContext());
  const user = createCaller(send, token, usage);
  return { ...user, ask: (script: Script) => user.post("/told", { input: emulate(script) }) };
}

async function settlementOf({ settled }: ReservedRequest) {
  const settlement = await settled;
  if (!settlement) throw new Error("something else settles the request");
  return settlement;
}

const lastOf = async (response: Response) => {
  const { name, data } = readEvents(await response.text()).at(-1) ?? { name: "", data: "{}" };
  return { name, ...(JSON.parse(data) as object) };
};

it("a reservation is announced once, before the provider is asked, and not when it is refused", async () => {
  const asked: Promise<number>[] = [];
  const tell = () => void asked.push(emulation.stats().then(({ requests }) => requests));
  const user = await deploy(tell);
  await (await user.ask({ tokens: 3 })).text();
  expect(await Promise.all(asked)).toEqual([0]);
  expect((await (await deploy(tell, "tiny")).ask({ tokens: 3 })).status).toBe(429);
  expect(asked).toHaveLength(1);
});

it("a request that is cancelled at once asks no provider, costs nothing, and ends like a stream", async () => {
  const user = await deploy((request) => request.cancel());
  const response = await user.ask({ tokens: 3 });
  expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/event-stream; charset=utf-8"]);
  expect(await lastOf(response)).toMatchObject({ name: "done", finish: "cancelled", usage: { usd: 0 } });
  expect(await user.settled()).toEqual(NOTHING);
  expect((await emulation.stats()).requests).toBe(0);
});

it("a request whose announcement fails asks no provider and costs nothing", async () => {
  const reserved = Promise.withResolvers<ReservedRequest>();
  const user = await deploy((request) => {
    reserved.resolve(request);
    throw new Error("the disk is full");
  });
  expect((await user.ask({ tokens: 3 })).status).toBe(500);
  expect(await (await reserved.promise).settled).toMatchObject({ usd: 0, charged: { input: 0, output: 0 } });
  expect(await user.settled()).toEqual(NOTHING);
  expect((await emulation.stats()).requests).toBe(0);
});

it.each<[string, Script, number]>([
  ["before the provider's first byte", { tokens: 5, first_ms: 60_000 }, 0],
  ["in the middle", { tokens: 20, stall_after: 5 }, 23],
])(
  "a request that is cancelled %s is charged once, at most what it said it would cost",
  async (_when, script, said) => {
    const reserved = Promise.withResolvers<ReservedRequest>();
    const user = await deploy(reserved.resolve);
    const asking = user.ask(script);
    const request = await reserved.promise;
    const atStart = request.chargeAfter(60_000);
    await emulation.busy();
    const reader = said > 0 ? await readUntil((await asking).body, ' low"') : undefined;
    const body = { input: emulate(script) };
    const least = estimateOf(SLIM, body, said);
    const [now, later] = [request.chargeAfter(0), request.chargeAfter(60_000)];
    request.cancel();
    request.cancel();
    const { charged, usd } = await settlementOf(request);
    const tokens = charged.input + charged.output;
    expect(tokens).toBeGreaterThanOrEqual(least);
    // A token a second, and rounding up.
    expect(now.tokens).toBeGreaterThanOrEqual(least);
    expect(later.tokens).toBeGreaterThanOrEqual(tokens);
    expect(later.nanoUsd).toBeGreaterThanOrEqual(usd * 1e9 - 1);
    expect(atStart.tokens).toBeGreaterThanOrEqual(estimateOf(SLIM, body) + 60);
    expect([later.requests, request.chargeAfter(3_600_000).tokens]).toEqual([1, boundOf(SLIM, body)]);
    expect(await user.settled()).toEqual({ tokens, requests: 1, reserved: 0 });
    expect(await emulation.idle()).toMatchObject({ requests: 1, cancelled: 1 });
    if (reader) {
      const rest = await reader.read();
      expect(new TextDecoder().decode(rest.value)).toContain('"finish":"cancelled"');
    } else expect(await lastOf(await asking)).toMatchObject({ finish: "cancelled" });
  },
);

it("the charge of a complete answer is its usage, and a late cancellation changes nothing", async () => {
  const reserved = Promise.withResolvers<ReservedRequest>();
  const user = await deploy(reserved.resolve);
  const response = await user.ask({ tokens: 25, reasoning: 100 });
  const done = await lastOf(response);
  const request = await reserved.promise;
  request.cancel();
  const { charged } = await settlementOf(request);
  expect(done).toMatchObject({ name: "done", finish: "stop", usage: { input: charged.input, output: 125 } });
  expect(request.chargeAfter(600_000).tokens).toBe(charged.input + 125);
  expect(await user.settled()).toEqual({ tokens: charged.input + 125, requests: 1, reserved: 0 });
});
