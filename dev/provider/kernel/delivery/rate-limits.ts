// The rate-limit headers of a response.
// They are those of an account of the highest tier that sends one request at a time.
import type { Model } from "../catalog.ts";
import type { Script } from "../script.ts";

const HIGHEST_TIER = "5";
const DEFAULT_LIMITS = { requests_per_minute: 30_000, tokens_per_minute: 150_000_000 };
const MINUTE_MS = 60_000;

/** The part of a request that the limits apply to. */
export interface RateLimited {
  model: Model;
  promptTokens: number;
}

/** The six headers. After a scripted 429 no request remains until `retry_after` has passed. */
export function rateLimitHeaders(request: RateLimited, script: Script): [string, string][] {
  const limits = request.model.card.rate_limits?.[HIGHEST_TIER] ?? DEFAULT_LIMITS;
  const { requests_per_minute: requests, tokens_per_minute: tokens } = limits;
  const spent = script.status === 429;
  const used = Math.min(request.promptTokens, tokens);
  const resetMs = spent ? (script.retry_after ?? 1) * 1000 : Math.ceil(MINUTE_MS / requests);
  return [
    ["x-ratelimit-limit-requests", String(requests)],
    ["x-ratelimit-limit-tokens", String(tokens)],
    ["x-ratelimit-remaining-requests", spent ? "0" : String(requests - 1)],
    ["x-ratelimit-remaining-tokens", String(tokens - used)],
    ["x-ratelimit-reset-requests", toGoDuration(resetMs)],
    ["x-ratelimit-reset-tokens", toGoDuration(Math.ceil((used * MINUTE_MS) / tokens))],
  ];
}

/** Formats as Go's `time.Duration`: `20ms`, `1s`, `1.5s`, `6m0s`, `1h0m0s`. */
function toGoDuration(milliseconds: number): string {
  if (milliseconds === 0) return "0s";
  if (milliseconds < 1000) return `${milliseconds}ms`;
  const seconds = `${(milliseconds % MINUTE_MS) / 1000}s`;
  const minutes = Math.floor(milliseconds / MINUTE_MS);
  if (minutes === 0) return seconds;
  return minutes < 60 ? `${minutes}m${seconds}` : `${Math.floor(minutes / 60)}h${minutes % 60}m${seconds}`;
}
