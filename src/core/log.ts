// Errors in the log: own messages, codes and stack frames.
// Other messages can contain callers' data.

import { ApiError, InternalError } from "./errors.ts";

/**
 * Converts a cause for a log line. An InternalError keeps its message. Any other error is reduced to its class and
 * code; an ApiError also keeps its own cause.
 */
export function toLogged(cause: unknown): unknown {
  if (!(cause instanceof Error)) return cause;
  if (cause instanceof InternalError) return cause.message;
  if (cause instanceof ApiError) {
    const { name, body } = cause;
    const error = body.code === null ? name : `${name} ${body.code}`;
    return cause.cause === undefined ? error : { error, cause: toLogged(cause.cause) };
  }
  const { name, code } = cause as Error & { code?: unknown };
  return typeof code === "string" ? `${name} ${code}` : name;
}

/** Converts an unexpected error for a log line: class, message of an InternalError only, and stack frames. */
export function toLoggedFailure(cause: unknown): { error: unknown; stack?: string[] } {
  if (!(cause instanceof Error)) return { error: toLogged(cause) };
  const frames = (cause.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
  const error = cause instanceof InternalError ? `${cause.name}: ${cause.message}` : toLogged(cause);
  return { error, stack: frames.map((frame) => frame.trim()) };
}
