// The bound of a demand: the most input and output that a request can cost, within card and plan.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Demand } from "../../../../src/core/quota/bound.ts";
import { boundAmounts, minInputTokens, toBound, widestBound } from "../../../../src/core/quota/bound.ts";
import { bundledCard } from "../../../support/catalog-documents.ts";

// Context 200,000, output 100,000; $1.1 and $4.4 per million tokens.
const CARD = bundledCard("o4-mini");
const TERRA = bundledCard("gpt-6.1-terra");
const IMAGE_TOKENS = 2642;
const TEMPLATE_TOKENS = 16;
const PLAN = { max_output_tokens: 2000 };
const DEMAND: Demand = { inputBytes: 100, images: 0, choices: 1, maxOutputTokens: undefined };

const boundOf = (changes: Partial<Demand> = {}, card = CARD, plan = PLAN) =>
  toBound({ ...DEMAND, ...changes }, card, plan, 256);
const inputOf = (changes: Partial<Demand>, card = CARD) => boundOf(changes, card).input;

const toolCalls = { most: 3, inputTokensPerCall: 1000, nanoUsdPerCall: 10_000_000 };

const withCalls = (context: number, output = PLAN.max_output_tokens) => context + 3 * (context + output);

describe("the input bound", () => {
  it.each<[string, Partial<Demand>, number]>([
    ["has one token per byte, and the template", {}, 100 + TEMPLATE_TOKENS],
    ["has the card's ceiling for each image", { images: 3 }, 100 + TEMPLATE_TOKENS + 3 * IMAGE_TOKENS],
    ["is at most the model's context", { inputBytes: 4_000_000 }, 200_000],
    ["is at most the model's context with images, too", { images: 1000 }, 200_000],
    ["is at most the endpoint's own limit", { inputBytes: 4_000_000, maxInputTokens: 8191 }, 8191],
    ["adds the tokens of a stored prompt", { addedTokens: 500 }, 100 + TEMPLATE_TOKENS + 500],
    ["adds them to an exact count, too", { addedTokens: 500, exactInput: 40 }, 40 + TEMPLATE_TOKENS + 500],
    ["is the exact count when that is larger", { exactInput: 9000 }, 9000 + TEMPLATE_TOKENS],
    ["is the exact count when that is smaller", { exactInput: 7, images: 3 }, 7 + TEMPLATE_TOKENS],
    ["repeats the context and the output after each tool call", { toolCalls }, withCalls(116 + 3000)],
    ["repeats the requested output", { toolCalls, maxOutputTokens: 50 }, withCalls(116 + 3000, 50)],
    ["repeats the exact count", { toolCalls, exactInput: 7 }, withCalls(7 + TEMPLATE_TOKENS + 3000)],
    ["is at most the model's context at each read", { toolCalls, inputBytes: 4_000_000 }, 200_000 * 4],
    ["adds the tokens of audio", { audioTokens: 700 }, 100 + TEMPLATE_TOKENS + 700],
    ["has no repetition without calls", { toolCalls: { ...toolCalls, most: 0 } }, 100 + TEMPLATE_TOKENS],
  ])("%s", (_what, changes, tokens) => {
    expect(inputOf(changes)).toBe(tokens);
  });

  it("is at most the card's own input limit, where it is lower than the context", () => {
    expect(inputOf({ inputBytes: 4_000_000 }, TERRA)).toBe(922_000);
  });

  it("has the price of its tokens, of the calls, and of other units", () => {
    const { input, inputNanoUsd } = boundOf({ toolCalls });
    expect(inputNanoUsd).toBe(input * 1100 + 3 * 10_000_000);
    const card = { ...CARD, prices: { million_characters: 15 } };
    expect(boundOf({ units: { characters: 1000 } }, card).inputNanoUsd).toBe(15_000_000);
  });

  it("can be as small as one token for 128 bytes", () => {
    expect([127, 128, 1279].map((inputBytes) => minInputTokens({ ...DEMAND, inputBytes }))).toEqual([0, 1, 9]);
    expect(minInputTokens({ ...DEMAND, inputBytes: 128, audioTokens: 50 })).toBe(51);
  });
});

describe("the output bound", () => {
  it("is the least of the request's, the plan's and the model's limit", () => {
    expect(boundOf()).toMatchObject({ output: 2000, minOutput: 256, choices: 1, outputNanoUsd: 4400 });
    expect(boundOf({ maxOutputTokens: 90_000 }).output).toBe(2000);
    expect(boundOf({}, CARD, { max_output_tokens: 500_000 }).output).toBe(100_000);
    expect(boundOf({ maxOutputTokens: 10, choices: 4 })).toMatchObject({ output: 10, minOutput: 10, choices: 4 });
  });

  it("is granted whole where no parameter limits it, whatever the plan says", () => {
    const fixedOutput = { tokens: 7024, isChargedWhole: true };
    expect(boundOf({ fixedOutput, choices: 2 })).toMatchObject({ output: 7024, minOutput: 7024, choices: 2 });
  });
});

it("a free request is bounded by one request and nothing else", () => {
  const bound = boundOf({ free: true, inputBytes: 9000, images: 3, toolCalls, addedTokens: 500 });
  expect(bound).toEqual({
    input: 0,
    output: 0,
    minOutput: 0,
    choices: 1,
    requests: 1,
    inputNanoUsd: 0,
    outputNanoUsd: 0,
  });
  expect(boundAmounts(bound, 0)).toEqual({ tokens: 0, requests: 1, nanoUsd: 0 });
});

it("the widest of several bounds covers each of them, whatever is granted", () => {
  const amount = fc.integer({ min: 0, max: 1_000_000 });
  const bound = fc.record({
    input: amount,
    output: amount,
    minOutput: amount,
    choices: fc.integer({ min: 1, max: 8 }),
    requests: fc.integer({ min: 1, max: 8 }),
    inputNanoUsd: amount,
    outputNanoUsd: amount,
  });
  const property = fc.property(fc.array(bound, { minLength: 1, maxLength: 4 }), amount, (bounds, granted) => {
    const widest = widestBound(bounds);
    if (bounds.length === 1) expect(widest).toEqual(bounds[0]);
    for (const each of bounds) {
      const own = boundAmounts(each, Math.min(granted, each.output));
      expect(boundAmounts(widest, granted).tokens).toBeGreaterThanOrEqual(own.tokens);
      expect(boundAmounts(widest, granted).nanoUsd).toBeGreaterThanOrEqual(own.nanoUsd);
      expect(widest.output).toBeGreaterThanOrEqual(each.output);
      expect(widest.minOutput).toBeGreaterThanOrEqual(each.minOutput);
    }
  });
  fc.assert(property, { numRuns: 500 });
});
