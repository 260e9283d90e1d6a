// The `weir-*` and rate limit headers of every answer and every refusal.

import { modelHeaders } from "../catalog/choose.ts";
import type { Model, Sunset } from "../catalog/resolve.ts";
import { rateLimitHeaders } from "../quota/rate-limit.ts";
import type { QuotaView } from "../quota/view.ts";
import type { ServerTiming } from "../http/server-timing.ts";

/** Facts of a request for its headers. Filled in as the request progresses. */
export interface Report {
  revision: string;
  /** The model that was called last. */
  model?: Model;
  /** The shutdown of the snapshot that the caller named. */
  sunset?: Sunset | undefined;
  attempts?: number;
  maxOutputTokens?: number;
  /** Provider headers that are passed on to the caller. */
  passed?: Record<string, string>;
  view?: QuotaView;
}

/** Writes the headers of an answer or refusal at `now` (epoch ms). */
export function toHeaders(report: Report, now: number): Record<string, string> {
  const { revision, model, sunset, attempts, maxOutputTokens, passed, view } = report;
  return {
    "weir-revision": revision,
    ...(model ? modelHeaders(model, sunset) : {}),
    ...(attempts === undefined ? {} : { "weir-attempts": String(attempts) }),
    ...(maxOutputTokens ? { "weir-max-output-tokens": String(maxOutputTokens) } : {}),
    ...passed,
    ...(view && model ? rateLimitHeaders(view, now, model.id) : {}),
  };
}

/** Writes the headers of the response to the caller: those of `toHeaders`, and `server-timing`. */
export function toFinalHeaders(report: Report, timing: ServerTiming): Record<string, string> {
  return { ...toHeaders(report, Date.now()), "server-timing": timing.toString() };
}
