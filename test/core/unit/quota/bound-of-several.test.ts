// Bounds with hosted tools, stored prompts, exact counts and free requests, and the widest of several.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Demand } from "../../../../src/core/quota/bound.ts";
import { toBound, widestBound } from "../../../../src/core/quota/bound.ts";
import type { Bound } from "../../../../src/core/quota/ledger.ts";
import { boundAmounts } from "../../../../src/core/quota/ledger.ts";
import { bundledCard } from "../../../support/catalog-documents.ts";

const CARD = bundledCard("o4-mini");
const TERRA = bundledCard("gpt-6.1-terra");
const TEMPLATE_TOKENS = 16;
const NOTHING: Bound = { input: 0, output: 0, minOutput: 0, choices: 1, inputNanoUsd: 0, outputNanoUsd: 0 };

const boundOf = (changes: Partial<Demand> = {}, card = CARD) =>
  toBound({ inputBytes: 100, images: 0, choices: 1, maxOutputTokens: undefined, ...changes }, card, PLAN, 256);
const PLAN = { max_output_tokens: 2000 };
const hosted = { toolCalls: 3, inputTokensPerCall: 1000, nanoUsdPerCall: 10_000_000 };

describe("the bound of tools that the provider runs", () => {
  it("has what they return, and after every call all of it again with what was said so far", () => {
    const shown = 100 + TEMPLATE_TOKENS + 3 * 1000;
    expect(boundOf({ hosted }).input).toBe(shown + 3 * (shown + PLAN.max_output_tokens));
    expect(boundOf({ hosted, maxOutputTokens: 50 }).input).toBe(shown + 3 * (shown + 50));
  });

  it("has their price beside that of the tokens", () => {
    const { input, inputNanoUsd } = boundOf({ hosted });
    expect(inputNanoUsd).toBe(input * 1100 + 3 * 10_000_000);
  });

  it("is at most what the model takes, each time that it reads", () => {
    expect(boundOf({ inputBytes: 4_000_000, hosted }).input).toBe(200_000 * 4);
  });

  it("is that of an answer without them where none may be called", () => {
    expect(boundOf({ hosted: { ...hosted, toolCalls: 0 } })).toEqual(boundOf());
  });
});

describe("the bound of what the provider adds", () => {
  it("has a prompt's tokens, beside what was sent or what was counted", () => {
    expect(boundOf({ promptTokens: 500 }).input).toBe(100 + TEMPLATE_TOKENS + 500);
    expect(boundOf({ promptTokens: 500, exactInput: 40 }).input).toBe(40 + TEMPLATE_TOKENS + 500);
  });

  it("has the provider's count where there is one, larger or smaller than what was sent", () => {
    expect(boundOf({ uncounted: true, exactInput: 9000 }).input).toBe(9000 + TEMPLATE_TOKENS);
    expect(boundOf({ exactInput: 7, images: 3 }).input).toBe(7 + TEMPLATE_TOKENS);
    const shown = 7 + TEMPLATE_TOKENS + 3000;
    expect(boundOf({ exactInput: 7, images: 3, hosted }).input).toBe(shown + 3 * (shown + PLAN.max_output_tokens));
  });
});

describe("the bound of what is free", () => {
  it("is a request and nothing else", () => {
    expect(boundOf({ free: true, inputBytes: 9000, images: 3, hosted, promptTokens: 500 })).toEqual(NOTHING);
    expect(boundAmounts(boundOf({ free: true }), 0)).toEqual({ tokens: 0, requests: 1, usd: 0 });
  });
});

describe("the widest of several bounds", () => {
  it("is the one where there is one", () => {
    expect(widestBound([boundOf()])).toEqual(boundOf());
  });

  it("has room for each of them, whatever was granted", () => {
    const amount = fc.integer({ min: 0, max: 1_000_000 });
    const bound = fc
      .record({
        input: amount,
        output: fc.integer({ min: 1, max: 1_000_000 }),
        minOutput: amount,
        choices: fc.integer({ min: 1, max: 8 }),
        inputNanoUsd: amount,
        outputNanoUsd: amount,
      })
      .map((each) => Object.assign(each, { minOutput: Math.min(each.minOutput, each.output) }));
    const property = fc.property(fc.array(bound, { minLength: 1, maxLength: 4 }), amount, (bounds, granted) => {
      const widest = boundAmounts(widestBound(bounds), granted);
      for (const each of bounds) {
        const own = boundAmounts(each, Math.min(granted, each.output));
        expect(widest.tokens).toBeGreaterThanOrEqual(own.tokens);
        expect(widest.usd).toBeGreaterThanOrEqual(own.usd);
      }
    });
    fc.assert(property, { numRuns: 500 });
  });

  it("of two models has the dearer one's prices and the larger one's answer", () => {
    const wide = { ...PLAN, max_output_tokens: 500_000 };
    const demand = { inputBytes: 100, images: 1, choices: 1, maxOutputTokens: undefined };
    const widest = widestBound([toBound(demand, CARD, wide, 256), toBound(demand, TERRA, wide, 256)]);
    expect(widest).toMatchObject({ input: 100 + TEMPLATE_TOKENS + 17_200, output: 128_000, outputNanoUsd: 5000 });
  });
});
