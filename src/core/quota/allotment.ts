// An allotment: a part of the budget that one isolate reserves in advance, for requests to one model.
// Requests draw from it in memory, without a call. Pure: no clock, and no calls.

import type { Amounts } from "../catalog/quota-window.ts";
import { addAmounts, amountOf, countsModel, leastOf, NO_AMOUNTS } from "../catalog/quota-window.ts";
import type { WindowView } from "./view.ts";

/** An allotment is at most this part of the limit of each window. A lost isolate costs it for each model. */
const MOST_OF_LIMIT = 0.01;
/** An allotment leaves this part of the limit to requests that reserve for themselves. */
const LEFT_TO_OTHERS = 0.1;
/** An allotment of fewer bounds saves no call. */
const FEWEST_BOUNDS = 2;

/**
 * Returns the size of an allotment in bounds of the request that asks for it: as many as `most`, if they fit. Returns 0
 * when the request should reserve only for itself.
 */
export function boundsToAllot(windows: WindowView[], model: string, bound: Amounts, most: number): number {
  const rooms = windows
    .filter((window) => countsModel(window, model) && amountOf(bound, window.unit) > 0)
    .map(({ unit, limit, left }) => {
      const room = Math.min(limit * MOST_OF_LIMIT, left - limit * LEFT_TO_OTHERS);
      return Math.floor(room / amountOf(bound, unit));
    });
  const bounds = Math.min(most, ...rooms);
  return bounds < FEWEST_BOUNDS ? 0 : bounds;
}

/** The sums of an allotment in its isolate. Draws and charges together never exceed its tokens and dollars. */
export class Allotment {
  /** The key of its reservation in the budget's object. */
  readonly key: string;
  /** Requests draw from it until then (epoch ms). */
  readonly usedUntil: number;
  /** The number of draws. */
  draws = 0;
  /** The number of draws that are not settled. */
  running = 0;
  /** The charges of its settled requests. */
  charged: Amounts = NO_AMOUNTS;
  /** What these requests cost beyond their draws. */
  excess: Amounts = NO_AMOUNTS;
  #left: Amounts;
  readonly #allotted: Amounts;

  constructor(key: string, allotted: Amounts, usedUntil: number) {
    this.key = key;
    this.usedUntil = usedUntil;
    this.#allotted = allotted;
    this.#left = allotted;
  }

  /** The charges of settled requests and the bounds of running ones. */
  get used(): Amounts {
    return addAmounts(this.#allotted, this.#left, -1);
  }

  /** Draws the bound of a request. Returns undefined when too little is left. */
  draw(bound: Amounts): Draw | undefined {
    const left = addAmounts(this.#left, bound, -1);
    if (left.tokens < 0 || left.nanoUsd < 0) return undefined;
    this.#left = left;
    this.draws += 1;
    this.running += 1;
    let drawn = bound;
    const lower = (amounts: Amounts) => {
      const least = leastOf(drawn, amounts);
      this.#left = addAmounts(this.#left, addAmounts(drawn, least, -1));
      drawn = least;
    };
    return {
      lower,
      settle: (charge, excess = NO_AMOUNTS) => {
        lower(charge);
        this.charged = addAmounts(this.charged, drawn);
        this.excess = addAmounts(this.excess, excess);
        this.running -= 1;
      },
    };
  }
}

/** The draw of one request. */
export interface Draw {
  /** Returns all but these amounts to the allotment. */
  lower(amounts: Amounts): void;
  /** Replaces what was drawn with the charge, at most what was drawn, and the excess. Call it once. */
  settle(charge: Amounts, excess?: Amounts): void;
}
