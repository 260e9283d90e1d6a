// Quota windows: what a plan limits, and periods aligned to UTC, so that they begin for every user at once. Pure.

export type Period = "minute" | "hour" | "day" | "month";

/** What a window counts. */
export type QuotaUnit = "tokens" | "requests" | "usd";

/** One limit of a plan: at most `limit` of `unit` in each `per`, of all models or of those whose cards are named. */
export interface QuotaWindow {
  unit: QuotaUnit;
  per: Period;
  /** Nano-dollars (1e-9 USD) for `usd`. */
  limit: number;
  models?: string[] | undefined;
}

/** Use or cost in every unit, as integers. */
export interface Amounts {
  tokens: number;
  requests: number;
  nanoUsd: number;
}

/** The part of some amounts that a window of that unit counts. */
export function amountOf(amounts: Amounts, unit: QuotaUnit): number {
  return unit === "usd" ? amounts.nanoUsd : amounts[unit];
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

/** The name of a window in storage and on the wire: "tokens/day", or "tokens/day/o3,o4-mini" for some models. */
export function windowKey({ unit, per, models }: Omit<QuotaWindow, "limit">): string {
  return models ? `${unit}/${per}/${models.toSorted().join(",")}` : `${unit}/${per}`;
}

/** The window that a name stands for, and whether it counts a model. */
export function parseWindowKey(key: string): { unit: QuotaUnit; per: Period; counts: (model: string) => boolean } {
  const [unit, per, models] = key.split("/") as [QuotaUnit, Period, string?];
  return { unit, per, counts: (model) => countsModel({ models: models?.split(",") }, model) };
}

/** Whether a window counts the model of that card. */
export function countsModel({ models }: Pick<QuotaWindow, "models">, model: string): boolean {
  return models === undefined || models.includes(model);
}
