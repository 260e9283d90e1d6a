// The results of `npm run bench`, as `--json` prints them.

import type { Counts } from "./bill.ts";
import type { Spread } from "./statistics.ts";

export type Result = FigureResult | CheckResult | CountResult;

export interface FigureResult {
  case: string;
  figure: string;
  bare: Spread;
  weir: Spread;
  ratio?: Spread;
  added?: Spread;
}

export interface CheckResult {
  case: string;
  check: string;
  weir: number;
  limit: number;
  passed: boolean;
}

/** Counts per chat. */
export interface CountResult {
  case: string;
  /** Counts for users without a stored quota. */
  first?: Counts | undefined;
  /** Counts for users with a stored quota. */
  later: Counts;
}
