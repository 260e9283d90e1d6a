// The bound of a demand: the most input and output that a request can cost, within card and plan.

import { describe, expect, it } from "vitest";
import type { Demand } from "../../../../src/core/quota/bound.ts";
import { toBound } from "../../../../src/core/quota/bound.ts";
import { bundledCard } from "../../../support/catalog-documents.ts";

const CARD = bundledCard("o4-mini");
const TERRA = bundledCard("gpt-6.1-terra");
const PLAN = { max_output_tokens: 2000 };
const IMAGE_TOKENS = 2642;

const demandOf = (changes: Partial<Demand> = {}): Demand => ({
  inputBytes: 100,
  images: 0,
  choices: 1,
  maxOutputTokens: undefined,
  ...changes,
});
const boundOf = (changes: Partial<Demand> = {}, card = CARD, plan = PLAN) =>
  toBound(demandOf(changes), card, plan, 256);

describe("the input bound", () => {
  it("counts every image at the card's ceiling", () => {
    expect(boundOf({ images: 3 }).input - boundOf().input).toBe(3 * IMAGE_TOKENS);
  });

  it("is at most what the model takes", () => {
    expect(boundOf({ inputBytes: 4_000_000 }).input).toBe(200_000);
    expect(boundOf({ inputBytes: 4_000_000 }, TERRA).input).toBe(922_000);
    expect(boundOf({ images: 1000 }).input).toBe(200_000);
  });
});

describe("the output bound", () => {
  it("is the least of what the caller, the plan and the model allow", () => {
    expect(boundOf().output).toBe(2000);
    expect(boundOf({ maxOutputTokens: 300 }).output).toBe(300);
    expect(boundOf({ maxOutputTokens: 90_000 }).output).toBe(2000);
    expect(boundOf({}, CARD, { max_output_tokens: 500_000 }).output).toBe(100_000);
  });

  it("needs no more than the caller asked for, however short that is", () => {
    expect(boundOf()).toMatchObject({ output: 2000, minOutput: 256 });
    expect(boundOf({ maxOutputTokens: 10 })).toMatchObject({ output: 10, minOutput: 10 });
  });

  it("is for each of the choices", () => {
    expect(boundOf({ choices: 4 }).choices).toBe(4);
  });
});
