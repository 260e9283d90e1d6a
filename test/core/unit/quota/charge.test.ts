// The charge of a request: the provider's count, else an estimate from the bytes sent and relayed.

import { describe, expect, it } from "vitest";
import type { Demand } from "../../../../src/core/quota/bound.ts";
import { NO_CHARGE, toCharge } from "../../../../src/core/quota/charge.ts";
import type { Progress } from "../../../../src/core/relay/answer.ts";
import { emptyProgress } from "../../../../src/core/relay/answer.ts";
import { bundledCard } from "../../../support/catalog-documents.ts";

const REASONING = bundledCard("o4-mini");
const PLAIN = bundledCard("whisper-1");

const charge = (progress: Partial<Progress>, demand: Partial<Demand> = {}, card = PLAIN) =>
  toCharge(
    { ...emptyProgress(), ...progress },
    { inputBytes: 0, images: 0, choices: 1, maxOutputTokens: undefined, ...demand },
    card,
  );

describe("a charge", () => {
  it("is the provider's own count, in which cached and reasoning tokens are already part", () => {
    const usage = { input: 120, cached: 100, cacheWrite: 0, output: 30, reasoning: 16 };
    expect(charge({ usage, outputBytes: 9999 }, { inputBytes: 9999, images: 3 }, REASONING)).toEqual({
      tokens: 150,
      requests: 1,
      // Per million: $1.10 fresh, $0.275 cached, $4.40 output.
      usd: 20 * 1100 + 100 * 275 + 30 * 4400,
    });
  });

  it("without a count is a quarter of the bytes sent and of the bytes relayed, rounded up", () => {
    expect(charge({ outputBytes: 401 }, { inputBytes: 1001 })).toEqual({ tokens: 251 + 101, requests: 1, usd: 0 });
  });

  it("without a count has every image at its ceiling, and what a reasoning model may have thought", () => {
    const [input, output] = [250 + 2 * 2642, 100 + 1024];
    expect(charge({ outputBytes: 400 }, { inputBytes: 1000, images: 2 }, REASONING)).toEqual({
      tokens: input + output,
      requests: 1,
      usd: input * 1100 + output * 4400,
    });
  });

  it("without a count has the provider's own of the input where that was asked for", () => {
    expect(charge({ outputBytes: 400 }, { inputBytes: 1000, images: 2, exactInput: 90 }).tokens).toBe(90 + 100);
  });

  it("without a count has what a prompt adds, and what tools have found so far", () => {
    const hosted = { toolCalls: 8, inputTokensPerCall: 8000, nanoUsdPerCall: 10_000_000 };
    const demand = { inputBytes: 1000, promptTokens: 500, hosted };
    expect(charge({}, demand).tokens).toBe(250 + 500);
    expect(charge({ hostedCalls: 2 }, demand)).toEqual({ tokens: 250 + 500 + 16_000, requests: 1, usd: 20_000_000 });
    expect(charge({ hostedCalls: 2 }, { ...demand, exactInput: 90 }).tokens).toBe(90 + 500 + 16_000);
  });

  it("without a count is never nothing", () => {
    expect(charge({})).toEqual({ tokens: 1, requests: 1, usd: 0 });
  });

  it("has the price of every call of a tool that the provider has run, beside the tokens", () => {
    const usage = { input: 100, cached: 0, cacheWrite: 0, output: 10, reasoning: 0 };
    const hosted = { toolCalls: 8, inputTokensPerCall: 8000, nanoUsdPerCall: 10_000_000 };
    const tokens = 100 * 1100 + 10 * 4400;
    expect(charge({ usage, hostedCalls: 3 }, { hosted }, REASONING)).toEqual({
      tokens: 110,
      requests: 1,
      usd: tokens + 3 * 10_000_000,
    });
    expect(charge({ usage }, { hosted }, REASONING).usd).toBe(tokens);
    expect(charge({ usage, hostedCalls: 3 }, {}, REASONING).usd).toBe(tokens);
  });

  it("of what is free is a request and no tokens", () => {
    const usage = { input: 100, cached: 0, cacheWrite: 0, output: 10, reasoning: 0 };
    expect(charge({ usage, outputBytes: 99 }, { free: true, inputBytes: 99 }, REASONING)).toEqual({
      tokens: 0,
      requests: 1,
      usd: 0,
    });
  });

  it("is nothing at all, not even a request, where the model was not reached", () => {
    expect(NO_CHARGE).toEqual({ tokens: 0, requests: 0, usd: 0 });
  });
});
