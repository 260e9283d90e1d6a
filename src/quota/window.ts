// Windows of time, aligned to UTC: a minute, hour, day or month begins for every user at the same moment.

export type Period = "minute" | "hour" | "day" | "month";
export type Unit = "tokens" | "requests";

/** One limit of a plan: at most `limit` of `unit` in each `per`. */
export interface Window {
  unit: Unit;
  per: Period;
  limit: number;
}

const LENGTH_MS = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** When the period that holds `at` began (epoch ms). */
export function periodStart(per: Period, at: number): number {
  if (per !== "month") return at - (at % LENGTH_MS[per]);
  const date = new Date(at);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth());
}

/** When the period that holds `at` ends and the next begins (epoch ms). */
export function periodEnd(per: Period, at: number): number {
  if (per !== "month") return periodStart(per, at) + LENGTH_MS[per];
  const date = new Date(at);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1);
}
