// A failed connection in Weir's own words: the host and the reason, without URL, path or query.

import { InternalError } from "../errors.ts";

/** Words in the messages of the runtimes, and the reason that they stand for. */
const REASONS: [RegExp, string][] = [
  [/refused/i, "refused"],
  [/reset|lost|closed|disconnect|socket/i, "lost"],
];

/** Returns the fault to log when `fetch` from `host` throws. The runtime's own message can hold the URL. */
export function connectionFault(host: string, thrown: unknown): InternalError {
  // Node's `fetch` has the reason in the cause of its error.
  const errors = [thrown, (thrown as Error | undefined)?.cause].filter((each) => each instanceof Error);
  const words = errors.map(({ name, message }) => `${name} ${message}`).join(" ");
  const reason = REASONS.find(([pattern]) => pattern.test(words))?.[1] ?? `failed (${errors[0]?.name})`;
  return new InternalError(`connection ${reason}: host ${host}`, { cause: thrown });
}
