// Slots for large bodies: a bounded sum of bytes, and an end by themselves.

import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { beginArrival, enterSlot } from "../../../../src/core/http/body-slots.ts";
import { refusalOf } from "../../../support/refusals.ts";

const MB = 1024 * 1024;
const left: (() => void)[] = [];
const enter = async (bytes: number, maxWaitMs?: number) => {
  const leave = await enterSlot(bytes, maxWaitMs);
  left.push(leave);
  return leave;
};

// A minute later, so that the slots of other tests in this process have ended.
beforeEach(() => void vi.useFakeTimers({ now: Date.now() + 60_000 }));
afterEach(() => {
  left.splice(0).forEach((leave) => leave());
  vi.useRealTimers();
});

it("three bodies of 4 MB have slots, and the fourth waits until one of them is freed", async () => {
  const [first] = await Promise.all([enter(4 * MB), enter(4 * MB), enter(4 * MB)]);
  let entered = false;
  const fourth = enter(4 * MB).then(() => (entered = true));
  await vi.advanceTimersByTimeAsync(5000);
  expect(entered).toBe(false);
  first();
  await vi.advanceTimersByTimeAsync(20);
  expect(await fourth).toBe(true);
});

it("bodies that arrive are refused when they are 48 MB together, until some have a slot", () => {
  const arriving = Array.from({ length: 12 }, () => beginArrival(1000));
  left.push(...arriving.map((arrival) => () => arrival.end()));
  for (const arrival of arriving) arrival.add(4 * MB);
  const late = beginArrival(1000);
  left.push(() => late.end());
  late.add(1000);
  expect(() => late.add(MB)).toThrow("Too many large requests");
  late.end();
  arriving[0]?.end();
  beginArrival(1000).add(MB);
});

it("a small body never waits", async () => {
  await Promise.all([enter(4 * MB), enter(4 * MB), enter(4 * MB)]);
  await enter(100_000);
});

it("a body that waits too long is refused, and may be sent again", async () => {
  await Promise.all([enter(4 * MB), enter(4 * MB), enter(4 * MB)]);
  const refusal = refusalOf(() => enterSlot(4 * MB, 1000));
  await vi.advanceTimersByTimeAsync(1100);
  expect(await refusal).toMatchObject({
    status: 503,
    body: { code: "server_busy" },
    headers: { "retry-after": "1" },
  });
});

it("a slot that is never freed ends by itself", async () => {
  await Promise.all([enter(4 * MB), enter(4 * MB), enter(4 * MB)]);
  await vi.advanceTimersByTimeAsync(29_000);
  const next = enter(4 * MB, 5000);
  await vi.advanceTimersByTimeAsync(1100);
  await next;
});
