// The costs of docs/settlement.md for the tests' models.

import { expect } from "vitest";
import type { Caller } from "./caller.ts";
import { dollarsOf } from "./caller.ts";
import type { Surface } from "./surface.ts";

/** Nano-dollars per token. */
export const INPUT_RATE = 1100;
export const OUTPUT_RATE = 4400;
/** Tokens of the provider's template in the bound. */
export const TEMPLATE_TOKENS = 16;
/** The output that the tests' default plan grants. */
export const PLAN_OUTPUT = 2000;

/** The price in dollars. */
export const priceOf = (input: number, output: number) => (input * INPUT_RATE + output * OUTPUT_RATE) / 1e9;

/**
 * The lowest estimate, in tokens, of an answer without usage and without a counter. `saidBytes` bytes of its text
 * arrived. The time of the answer can add a few tokens.
 */
export const estimateOf = (surface: Surface, body: Record<string, unknown>, saidBytes = 0) =>
  surface.shown(body) + TEMPLATE_TOKENS + Math.ceil(saidBytes / 2);

/** Seconds of a test, at one token a second. */
const MOST_SECONDS = 20;

export function expectEstimate(tokens: number, surface: Surface, body: Record<string, unknown>, saidBytes = 0): void {
  const least = estimateOf(surface, body, saidBytes);
  expect(tokens).toBeGreaterThanOrEqual(least);
  expect(tokens).toBeLessThanOrEqual(least + MOST_SECONDS);
}

/** The tokens that a request reserves under the tests' default plan. */
export const boundOf = (surface: Surface, body: Record<string, unknown>) =>
  surface.shown(body) + TEMPLATE_TOKENS + PLAN_OUTPUT;

/** The first five tokens of the emulated provider's filler text. */
export const FIVE_TOKENS = { text: "water runs over the low", bytes: 23 };

/** The tokens, requests and dollars that a user has spent. */
export async function spendingOf(user: Caller) {
  const tally = await user.settled();
  return { ...tally, usd: dollarsOf(await user.usage()) };
}
