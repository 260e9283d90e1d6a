// uses: slim-chat
// Requests of one user at the same time: never more than fits, and exact to the nano-dollar.

import { afterAll, afterEach, expect, it } from "vitest";
import { createCatalogOf } from "../support/catalog.ts";
import { readSlim } from "../support/slim-stream.ts";
import { SLIM } from "../support/surface.ts";
import { startWeir } from "../support/weir.ts";

const REQUESTS = 200;
const ROOM = 37;

const weir = await startWeir(
  createCatalogOf({
    windows: [
      { unit: "requests", per: "month", limit: ROOM },
      { unit: "tokens", per: "month", limit: 10_000_000 },
      { unit: "usd", per: "month", limit: 1000 },
    ],
    concurrent: REQUESTS,
  }),
);
afterAll(weir.close);
afterEach(weir.report);

const sum = (amounts: number[]) => amounts.reduce((total, amount) => total + amount, 0);

it("of 200 requests at the same time exactly the 37 that fit are served, and their costs add up", async () => {
  const user = await weir.createUser();
  const answers = await Promise.all(
    Array.from({ length: REQUESTS }, async (_, index) => {
      const response = await user.post(SLIM.path, SLIM.body({ tokens: 1 + index, reasoning: index % 7 }, true));
      return { status: response.status, headers: response.headers, text: await response.text() };
    }),
  );
  const served = answers.filter(({ status }) => status === 200);
  const denied = answers.filter(({ status }) => status === 429);
  expect([served.length, denied.length]).toEqual([ROOM, REQUESTS - ROOM]);
  // The window is full of running requests first, and of finished ones later.
  const codes = /"code":"(insufficient_quota|concurrency_limit_exceeded)"/;
  expect(denied.filter(({ text }) => !codes.test(text))).toEqual([]);
  expect(denied.filter(({ headers }) => headers.get("x-ratelimit-remaining-requests") !== "0")).toEqual([]);
  expect(served.filter(({ text }) => SLIM.failure(text))).toEqual([]);

  const tokens = sum(served.map(({ text }) => SLIM.tokens(text, true)));
  expect(await user.settled()).toEqual({ tokens, requests: ROOM, reserved: 0 });
  const prices = served.map(({ text }) => {
    const done = readSlim(new TextEncoder().encode(text)).at(-1)?.data as { usage: { usd: number } };
    return Math.round(done.usage.usd * 1e9);
  });
  const { windows } = await user.usage();
  expect(Math.min(...prices)).toBeGreaterThan(0);
  expect(windows.find(({ unit }) => unit === "usd")?.used).toBe(sum(prices) / 1e9);
  expect(await weir.emulation.idle()).toMatchObject({ requests: ROOM, completed: ROOM });
});
