// Quota amounts on the wire: `x-ratelimit-*` headers, window objects, days and remaining amounts.

import type { HistoryDay } from "./history.ts";
import { DAY_MS } from "./history.ts";
import { fromAmount, toUsd } from "./limits.ts";
import type { QuotaView, WindowView } from "./view.ts";
import { countsModel, windowKey } from "../catalog/quota-window.ts";

/**
 * Returns OpenAI's headers `x-ratelimit-{limit,remaining,reset}-{tokens,requests}`. They describe, for each unit, the
 * window with the least remaining among those that count the model (a card's key).
 */
export function rateLimitHeaders(view: QuotaView, now: number, model: string): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const unit of ["requests", "tokens"] as const) {
    const windows = view.windows.filter((window) => window.unit === unit && countsModel(window, model));
    const tightest = windows.toSorted((one, other) => one.left - other.left)[0];
    if (!tightest) continue;
    headers[`x-ratelimit-limit-${unit}`] = String(tightest.limit);
    headers[`x-ratelimit-remaining-${unit}`] = String(tightest.left);
    headers[`x-ratelimit-reset-${unit}`] = toGoDuration(tightest.resetAt - now);
  }
  return headers;
}

/** Formats milliseconds like OpenAI: "1s", "6m0s", "23h59m1s". Rounds up to seconds. */
export function toGoDuration(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const rest = `${seconds % 60}s`;
  if (hours > 0) return `${hours}h${minutes}m${rest}`;
  return minutes > 0 ? `${minutes}m${rest}` : rest;
}

/** Returns the remaining amount per window key: `{"tokens/day": 19922}`; dollars for usd. */
export function leftOf(view: QuotaView): Record<string, number> {
  return Object.fromEntries(view.windows.map((window) => [windowKey(window), fromAmount(window.unit, window.left)]));
}

/** Formats a window as JSON: dollars for usd, and `reset_at` in epoch seconds like OpenAI's times. */
export function toWindowObject({ unit, per, models, limit, used, reserved, left, resetAt }: WindowView) {
  const [total, spent, held, rest] = [limit, used, reserved, left].map((amount) => fromAmount(unit, amount));
  return { unit, per, models, limit: total, used: spent, reserved: held, left: rest, reset_at: resetAt / 1000 };
}

/** Formats the charges of a day as JSON: the UTC date, and dollars. */
export function toDayObject({ day, tokens, requests, nanoUsd }: HistoryDay) {
  return { date: new Date(day * DAY_MS).toISOString().slice(0, 10), tokens, requests, usd: toUsd(nanoUsd) };
}
