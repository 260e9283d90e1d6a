// What the Worker under test writes to its log, as the platform would keep it.

import { vi } from "vitest";

/** Watches the log from now on. Gives what was logged of one kind of event, in order. */
export function watchLog() {
  const spies = [vi.spyOn(console, "log"), vi.spyOn(console, "warn"), vi.spyOn(console, "error")];
  return (event: string): Record<string, unknown>[] =>
    spies
      .flatMap(({ mock }) => mock.calls)
      .map(([line]) => JSON.parse(String(line)) as Record<string, unknown>)
      .filter((line) => line.event === event);
}
