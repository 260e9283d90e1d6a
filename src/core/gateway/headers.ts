// The headers with which every answer and every refusal describes itself. Written once, from what is known at the end.

import { modelHeaders } from "../catalog/choose.ts";
import type { Model, Sunset } from "../catalog/resolve.ts";
import { rateLimitHeaders } from "../quota/rate-limit.ts";
import type { QuotaView } from "../quota/view.ts";

/** What is known of a request so far; the further it gets, the more. */
export interface Report {
  revision: string;
  /** The model that was asked last, and the end of the snapshot that the caller named. */
  model?: Model;
  sunset?: Sunset | undefined;
  attempts?: number;
  maxOutputTokens?: number;
  /** Headers of the provider's that callers may see. */
  passed?: Record<string, string>;
  view?: QuotaView;
}

/** The headers of an answer at `now` (epoch ms). */
export function toHeaders(report: Report, now: number): Record<string, string> {
  const { revision, model, sunset, attempts, maxOutputTokens, passed, view } = report;
  return {
    "weir-revision": revision,
    ...(model ? modelHeaders(model, sunset) : {}),
    ...(attempts === undefined ? {} : { "weir-attempts": String(attempts) }),
    ...(maxOutputTokens === undefined ? {} : { "weir-max-output-tokens": String(maxOutputTokens) }),
    ...passed,
    ...(view && model ? rateLimitHeaders(view, now, model.id) : {}),
  };
}
