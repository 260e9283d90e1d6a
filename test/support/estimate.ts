// The costs of docs/settlement.md, calculated for the tests' model o4-mini and for the one that is like it.

import type { Caller } from "./caller.ts";
import { dollarsOf } from "./caller.ts";
import type { Surface } from "./surface.ts";

/** Nano-dollars a token. */
export const INPUT_RATE = 1100;
export const OUTPUT_RATE = 4400;
/** What a reasoning model may have thought. */
export const ALLOWANCE = 1024;
/** What the bound has for the provider's template around the messages. */
export const TEMPLATE_TOKENS = 16;
/** The output that the tests' default plan grants. */
export const PLAN_OUTPUT = 2000;

/** Those tokens in dollars. */
export const priceOf = (input: number, output: number) => (input * INPUT_RATE + output * OUTPUT_RATE) / 1e9;

/** The tokens of an answer without usage to that body, of which so many bytes of text came. */
export const estimateOf = (surface: Surface, body: Record<string, unknown>, saidBytes = 0) =>
  Math.ceil(surface.shown(body) / 4) + Math.ceil(saidBytes / 4) + ALLOWANCE;

/** The tokens that a request reserves under the tests' default plan. */
export const boundOf = (surface: Surface, body: Record<string, unknown>) =>
  surface.shown(body) + TEMPLATE_TOKENS + PLAN_OUTPUT;

/** The first words of the emulated provider's filler have so many bytes. */
export const FIVE_TOKENS = { text: "water runs over the low", bytes: 23 };

/** All that a user has spent, dollars included. */
export async function spendingOf(user: Caller) {
  const tally = await user.settled();
  return { ...tally, usd: dollarsOf(await user.usage()) };
}
