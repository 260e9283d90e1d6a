// The `server-timing` header (W3C Server Timing): how long a request spent where, before its answer began.

export interface ServerTiming {
  /** Names what has been done since the last mark, or since the beginning. */
  mark(name: "auth" | "quota" | "provider" | "relay", now: number): void;
  toString(): string;
}

/** `startedAt` in epoch ms. The platform's clock only moves while a request waits, so that computing counts as nothing. */
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
