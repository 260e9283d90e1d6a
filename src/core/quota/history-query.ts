// The query parameter `days` of the routes that return a user's history.

import * as v from "valibot";
import { validate } from "../http/json-body.ts";
import { MAX_HISTORY_DAYS } from "./history.ts";

const FORM = `must be a whole number from 1 to ${MAX_HISTORY_DAYS}`;

const HistoryQuery = v.object({
  days: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^\d{1,2}$/, FORM),
      v.transform(Number),
      v.minValue(1, FORM),
      v.maxValue(MAX_HISTORY_DAYS, FORM),
    ),
  ),
});

/** Returns the days of history that a request asks for; 0 without `days`. Throws 400 unless it is from 1 to 31. */
export function historyDays(query: Record<string, string>): number {
  return validate(HistoryQuery, query).days ?? 0;
}
