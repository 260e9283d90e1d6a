// The log's description of a failed connection: the host and the reason, without path or query.

import { InternalError } from "../errors.ts";

/** Patterns of the runtimes' messages, and the reason that each means. */
const REASONS: [RegExp, string][] = [
  [/refused/i, "refused"],
  [/reset|lost|closed|disconnect|socket/i, "lost"],
];

/** Returns the fault to log when `fetch` from `host` throws. The runtime's own message can contain the URL. */
export function connectionFault(host: string, thrown: unknown): InternalError {
  // Node's `fetch` has the reason in the cause of its error.
  const errors = [thrown, (thrown as Error | undefined)?.cause].filter((each) => each instanceof Error);
  const words = errors.map(({ name, message }) => `${name} ${message}`).join(" ");
  const reason = REASONS.find(([pattern]) => pattern.test(words))?.[1] ?? `failed (${errors[0]?.name})`;
  return new InternalError(`connection ${reason}: host ${host}`, { cause: thrown });
}
