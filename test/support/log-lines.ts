// The log of the Worker under test.

import { vi } from "vitest";

/** Watches the log from now on. Returns a function that returns the lines of one event, in order. */
export function watchLog() {
  const spies = [vi.spyOn(console, "log"), vi.spyOn(console, "warn"), vi.spyOn(console, "error")];
  return (event: string): Record<string, unknown>[] =>
    spies
      .flatMap(({ mock }) => mock.calls)
      .map(([line]) => JSON.parse(String(line)) as Record<string, unknown>)
      .filter((line) => line.event === event);
}
