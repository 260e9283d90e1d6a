// A deadline ends the work in time, and leaves no timer behind.

import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { withDeadline } from "../../../../src/core/http/deadline.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("a deadline aborts the work after its time", async () => {
  const work = withDeadline(
    100,
    (signal) =>
      new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error))),
  );
  const late = expect(work).rejects.toMatchObject({ name: "TimeoutError" });
  await vi.advanceTimersByTimeAsync(99);
  expect(vi.getTimerCount()).toBe(1);
  await vi.advanceTimersByTimeAsync(1);
  await late;
  expect(vi.getTimerCount()).toBe(0);
});

it("work that ends in time leaves no timer, also when it fails", async () => {
  expect(await withDeadline(100, async () => "done")).toBe("done");
  await expect(withDeadline(100, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(vi.getTimerCount()).toBe(0);
});
