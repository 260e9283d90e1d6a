// The `server-timing` header (W3C Server Timing): durations of a request's phases before its response.

export interface ServerTiming {
  /** Ends a phase at `now` (epoch ms). It started at the previous mark, or at the start of the request. */
  mark(name: "auth" | "quota" | "provider" | "relay", now: number): void;
  toString(): string;
}

/**
 * Creates the phases of a request; `startedAt` in epoch ms. The Workers clock advances only during I/O, so CPU time
 * counts as 0 ms.
 */
export function createServerTiming(startedAt: number): ServerTiming {
  const entries: string[] = [];
  let since = startedAt;
  return {
    mark(name, now) {
      entries.push(`${name};dur=${now - since}`);
      since = now;
    },
    toString: () => entries.join(", "),
  };
}
