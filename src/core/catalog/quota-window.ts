// What a plan limits, and the periods in which it does: aligned to UTC, so that they begin for every user at once.

export type Period = "minute" | "hour" | "day" | "month";

/** What is counted. `usd` is counted in nano-dollars (1e-9 USD), like everything else as an integer. */
export type Unit = "tokens" | "requests" | "usd";

export type Amounts = Record<Unit, number>;

/** One limit of a plan: at most `limit` of `unit` in each `per`, of all models or of those whose cards are named. */
export interface Window {
  unit: Unit;
  per: Period;
  limit: number;
  models?: string[] | undefined;
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

/** The name of a window in the state and on the wire: "tokens/day", or "tokens/day/o3,o4-mini" for some models. */
export function windowKey({ unit, per, models }: Omit<Window, "limit">): string {
  return models ? `${unit}/${per}/${models.toSorted().join(",")}` : `${unit}/${per}`;
}

/** The window that a name stands for, and whether it counts a model. */
export function parseWindowKey(key: string): { unit: Unit; per: Period; counts: (model: string) => boolean } {
  const [unit, per, models] = key.split("/") as [Unit, Period, string?];
  return { unit, per, counts: (model) => countsModel({ models: models?.split(",") }, model) };
}

/** Whether a window counts the model of that card. */
export function countsModel({ models }: Pick<Window, "models">, model: string): boolean {
  return models === undefined || models.includes(model);
}
