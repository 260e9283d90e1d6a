// Medians and what they came from.

export interface Spread {
  median: number;
  least: number;
  most: number;
}

/** The value below which that share of the values lies. Throws when there are none. */
export function quantile(values: number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  const value = sorted[Math.floor((sorted.length - 1) * share)];
  if (value === undefined) throw new Error("There is no quantile of nothing.");
  return value;
}

export function spreadOf(values: number[]): Spread {
  return { median: quantile(values, 0.5), least: quantile(values, 0), most: quantile(values, 1) };
}
