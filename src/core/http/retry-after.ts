// `retry-after`: every form that providers send, and the form that clients of OpenAI's API get.

import type { ApiError } from "../errors.ts";
import { withoutHeader } from "../errors.ts";

const RETRY_AFTER = "retry-after";
/** OpenAI's own clients ignore a longer wait. Others obey it, even for hours, inside one call. */
const MAX_WAIT_S = 60;
const DAY_MS = 86_400_000;

/**
 * Returns the wait that a provider asks for, in ms, at `now` (epoch ms): `retry-after-ms`, or `retry-after` in seconds,
 * also with decimals, or as a date (RFC 9110, section 10.2.3). Undefined when there is none, or it is not valid.
 */
export function retryAfterMsOf(headers: Headers, now: number): number | undefined {
  const milliseconds = decimalOf(headers.get("retry-after-ms"));
  if (milliseconds !== undefined) return milliseconds;
  const given = headers.get(RETRY_AFTER);
  const seconds = decimalOf(given);
  if (seconds !== undefined) return seconds * 1000;
  // Every date has a name of a month. `Date.parse` also reads single numbers.
  const date = given !== null && /[a-z]{3}/i.test(given) ? Date.parse(given) : NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

const decimalOf = (text: string | null) =>
  text !== null && /^\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : undefined;

/** Writes the header in whole seconds, rounded up, at most a day. */
export const retryAfterHeader = (ms: number) => ({ [RETRY_AFTER]: String(Math.ceil(Math.min(ms, DAY_MS) / 1000)) });

/** Leaves out a `retry-after` of more than 60 s. `x-ratelimit-reset-*` still say when a window ends. */
export function withoutLongRetryAfter(error: ApiError): ApiError {
  return Number(error.headers[RETRY_AFTER]) > MAX_WAIT_S ? withoutHeader(error, RETRY_AFTER) : error;
}
