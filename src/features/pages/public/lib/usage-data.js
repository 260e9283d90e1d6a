// The caller's usage, and what the page computes from it. No element.

import { json } from "./api.js";
import { token } from "./session.js";

/**
 * @typedef {{ date: string, tokens: number, requests: number, usd: number }} Day
 * @typedef {{ plan: string, windows: import("./meter.js").QuotaWindow[], leases: { running: number, allowed: number },
 *   max_output_tokens: number, history: Day[] }} Usage
 * @typedef {"tokens" | "requests" | "usd"} Measure
 */

/** The days that the page can show. */
export const DAYS = 30;

/**
 * Loads the plan, its windows, and the use of the last days.
 * @param {AbortSignal} signal
 * @returns {Promise<Usage>}
 */
export async function loadUsage(signal) {
  return json(`/usage?days=${DAYS}`, { signal });
}

/**
 * Adds up the days.
 * @param {Day[]} days
 * @returns {Record<Measure, number>}
 */
export function totalsOf(days) {
  const sum = (/** @type {Measure} */ measure) => days.reduce((total, day) => total + day[measure], 0);
  // Amounts are whole nano-dollars.
  return { tokens: sum("tokens"), requests: sum("requests"), usd: Math.round(sum("usd") * 1e9) / 1e9 };
}

/**
 * Returns when the next window with use starts again (epoch ms); undefined without use.
 * @param {Usage} usage
 */
export function nextReset({ windows }) {
  const used = windows.filter(({ used: amount, reserved }) => amount + reserved > 0);
  return used.length === 0 ? undefined : Math.min(...used.map((window) => window.reset_at * 1000));
}

/**
 * Reads the claims of the token. They are for display only: the server checks the token.
 * @returns {{ subject?: string, endsAt?: number }} `endsAt` in epoch seconds
 */
export function claims() {
  try {
    const [, payload = ""] = token().split(".");
    const bytes = Uint8Array.from(atob(payload.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
    const { sub, exp } = JSON.parse(new TextDecoder().decode(bytes));
    return {
      ...(typeof sub === "string" && { subject: sub }),
      ...(typeof exp === "number" && { endsAt: exp }),
    };
  } catch {
    return {};
  }
}
