// Honest callers who leave an answer early pay not much more than the provider bills.

import * as fc from "fast-check";
import { expect, it } from "vitest";
import type { ModelCard } from "../../../../src/core/catalog/card.ts";
import { costOfEnding } from "../../../../src/core/quota/ending-cost.ts";
import { costOf } from "../../../../src/core/quota/price.ts";
import { emptyProgress } from "../../../../src/core/relay/answer.ts";
import { bundledCard } from "../../../support/catalog-documents.ts";

/** An answer whose caller leaves at `leftAt`, a share of its duration. Times are in ms, speeds in tokens a second. */
interface LeftAnswer {
  inputTokens: number;
  textTokens: number;
  thinkingTokens: number;
  firstTokenMs: number;
  speed: number;
  leftAt: number;
}

const ENGLISH_BYTES_PER_TOKEN = 4.75;
const CHINESE_BYTES_PER_TOKEN = 3;

/** A uniform share. `fc.double` prefers numbers near 0. */
const share = fc.integer({ min: 0, max: 1000 }).map((value) => value / 1000);
/** Short ones are more frequent than long ones. */
const sizes = (least: number, most: number) => share.map((value) => Math.round(least * (most / least) ** value));

const answersOf = (thinks: boolean): fc.Arbitrary<LeftAnswer> =>
  fc.record({
    inputTokens: sizes(50, 4000),
    textTokens: sizes(60, 1200),
    thinkingTokens: thinks ? sizes(60, 2400) : fc.constant(0),
    firstTokenMs: fc.integer({ min: 300, max: 1000 }),
    speed: fc.integer({ min: 50, max: 150 }),
    leftAt: share,
  });

/** The charge and the bill when the caller leaves, in tokens and in nano-dollars. */
function leave(answer: LeftAnswer, card: ModelCard, bytesPerToken: number) {
  const { inputTokens, textTokens, thinkingTokens, firstTokenMs, speed, leftAt } = answer;
  const durationMs = firstTokenMs + ((thinkingTokens + textTokens) / speed) * 1000;
  const elapsedMs = durationMs * leftAt;
  const output = Math.floor((Math.max(0, elapsedMs - firstTokenMs) / 1000) * speed);
  const outputBytes = Math.max(0, output - thinkingTokens) * bytesPerToken;
  const usage = { input: inputTokens, cached: 0, cacheWrite: 0, output };
  const charged = costOfEnding({
    stage: elapsedMs < firstTokenMs ? "sent" : "relayed",
    ending: "left",
    progress: { ...emptyProgress(), outputBytes },
    // Weir has asked the exact counter by then.
    demand: { inputBytes: 5 * inputTokens, images: 0, choices: 1, maxOutputTokens: undefined, exactInput: inputTokens },
    card,
    requests: 1,
    work: { elapsedMs, grantedOutput: 8000 },
  });
  return {
    tokens: charged.tokens / (inputTokens + output),
    dollars: charged.nanoUsd / costOf(usage, card),
  };
}

function quartilesOf(ratios: number[]): number[] {
  const sorted = ratios.toSorted((one, other) => one - other);
  return [0.25, 0.5, 0.75].map((part) => sorted[Math.floor(part * sorted.length)] ?? NaN);
}

it.each([
  ["o4-mini", "English", true, ENGLISH_BYTES_PER_TOKEN],
  ["o4-mini", "English", false, ENGLISH_BYTES_PER_TOKEN],
  ["gpt-6.1-terra", "English", true, ENGLISH_BYTES_PER_TOKEN],
  ["gpt-6.1-terra", "Chinese", true, CHINESE_BYTES_PER_TOKEN],
] as const)("in the median, at most 2.5 times the bill: %s, %s, thinking: %s", (name, _, thinks, bytesPerToken) => {
  const card = bundledCard(name);
  const answers = fc.sample(answersOf(thinks), { numRuns: 2000, seed: 1 });
  const ratios = answers.map((answer) => leave(answer, card, bytesPerToken));
  for (const unit of ["tokens", "dollars"] as const) {
    const quartiles = quartilesOf(ratios.map((ratio) => ratio[unit]));
    expect(quartiles[1], `quartiles in ${unit}: ${quartiles.join(", ")}`).toBeLessThanOrEqual(2.5);
    expect(Math.min(...ratios.map((ratio) => ratio[unit]))).toBeGreaterThanOrEqual(1);
  }
});
