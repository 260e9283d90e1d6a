// What the log may show of an error: Weir's own words, codes and stack frames. Foreign messages can quote callers or models.

import { InternalError } from "./errors.ts";

/** A cause for a log line: own words as they are; of a foreign error its class and code only. */
export function toLogged(cause: unknown): unknown {
  if (!(cause instanceof Error)) return cause;
  if (cause instanceof InternalError) return cause.message;
  const { name, code } = cause as Error & { code?: unknown };
  return typeof code === "string" ? `${name} ${code}` : name;
}

/** An unexpected error for a log line: its class, its message when it is Weir's own, and its stack frames. */
export function toLoggedFailure(cause: unknown): { error: unknown; stack?: string[] } {
  if (!(cause instanceof Error)) return { error: toLogged(cause) };
  const frames = (cause.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
  const error = cause instanceof InternalError ? `${cause.name}: ${cause.message}` : toLogged(cause);
  return { error, stack: frames.map((frame) => frame.trim()) };
}
