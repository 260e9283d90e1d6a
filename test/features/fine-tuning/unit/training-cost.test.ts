// The cost of each ending of a training: the rows of docs/settlement.md, and what checks have seen.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Seen, TrainingTerms } from "../../../../src/features/fine-tuning/training-cost.ts";
import { costOfTraining, nothingSeen, observe } from "../../../../src/features/fine-tuning/training-cost.ts";

const CREATED_AT = Date.UTC(2026, 11, 1);
const MINUTE = 60_000;
const at = (minutes: number) => CREATED_AT + minutes * MINUTE;

const BY_TOKENS: TrainingTerms = { pricedBy: "tokens", usdPerMillion: 5, bound: { tokens: 3000, nanoUsd: 15_000_000 } };
const BY_TIME: TrainingTerms = {
  pricedBy: "time",
  usdPerHour: 36,
  maxTrainingMs: 10 * MINUTE,
  bound: { tokens: 0, nanoUsd: 7_200_000_000 },
};

const state = (status: string, more: { trainedTokens?: number; finishedAt?: number } = {}) => ({
  status,
  trainedTokens: undefined,
  finishedAt: undefined,
  ...more,
});

/** What checks see, one status at each of these minutes. */
const sightingsOf = (seen: [minutes: number, status: string][]) =>
  seen.reduce<Seen>(
    (before, [minutes, status]) => observe(before, state(status), at(minutes)),
    nothingSeen(CREATED_AT),
  );

const NOTHING = { tokens: 0, requests: 1, nanoUsd: 0 };
const TRAINED = { tokens: 1000, requests: 1, nanoUsd: 5_000_000 };
const BOUND = { tokens: 3000, requests: 1, nanoUsd: 15_000_000 };
const QUEUED: [number, string] = [5, "queued"];
const RUNNING: [number, string] = [5, "running"];

/** Each ending of docs/settlement.md, with what checks saw before it, the state at the end, and the charge. */
const ENDINGS: Record<string, [checks: [number, string][], status: string, more: object, charge: object][]> = {
  "any, with a count of trained tokens": [
    [[QUEUED], "succeeded", { trainedTokens: 1000 }, TRAINED],
    [[RUNNING], "failed", { trainedTokens: 1000 }, TRAINED],
    [[RUNNING], "cancelled", { trainedTokens: 1000 }, TRAINED],
  ],
  "succeeded without a count": [[[QUEUED], "succeeded", {}, BOUND]],
  "failed without a count, and no check saw it train": [
    [[QUEUED], "failed", { trainedTokens: 0 }, NOTHING],
    [[], "failed", {}, NOTHING],
  ],
  "failed without a count, and a check saw it train": [[[RUNNING], "failed", {}, BOUND]],
  "cancelled without a count, within a minute of a check before its training": [
    [[QUEUED], "cancelled", { finishedAt: at(5.9) }, NOTHING],
  ],
  "cancelled without a count, otherwise": [
    [[RUNNING], "cancelled", { trainedTokens: 0 }, BOUND],
    [[RUNNING, [6, "paused"]], "cancelled", {}, BOUND],
    [[QUEUED], "cancelled", { finishedAt: at(7) }, BOUND],
    // The provider's clock is late.
    [[QUEUED], "cancelled", { finishedAt: at(-999) }, BOUND],
  ],
};

describe("a job that is priced by tokens costs, as in docs/settlement.md,", () => {
  it("the rows of the table", () => {
    const rows = readFileSync("docs/settlement.md", "utf8").match(/^\| fine-tuning .*$/gm) ?? [];
    const endings = rows.map((row) => row.split("|")[2]?.trim());
    expect(endings).toEqual([...Object.keys(ENDINGS), "any, of reinforcement"]);
  });

  it.each(Object.entries(ENDINGS))("%s", (_, cases) => {
    for (const [checks, status, more, charge] of cases) {
      const before = sightingsOf(checks);
      const ended = state(status, more);
      const excess = { tokens: 0, requests: 0, nanoUsd: 0 };
      expect(costOfTraining(BY_TOKENS, ended, { before, seen: observe(before, ended, at(9)) })).toEqual({
        charge,
        excess,
      });
    }
  });

  it("more than its bound when it has trained more tokens", () => {
    const before = sightingsOf([RUNNING]);
    const ended = state("succeeded", { trainedTokens: 4000 });
    const { charge, excess } = costOfTraining(BY_TOKENS, ended, { before, seen: observe(before, ended, at(9)) });
    expect([charge, excess]).toEqual([BOUND, { tokens: 1000, requests: 0, nanoUsd: 5_000_000 }]);
  });
});

describe("a job that is priced by time costs", () => {
  // A minute costs 0.6 dollars. The checks come at minutes 1, 2, 3 and so on.
  it.each<[string, string[], string, number | undefined, number]>([
    ["nothing before its training", ["queued"], "failed", undefined, 0],
    ["the time between checks that saw it train", ["running", "running"], "succeeded", 4, 4],
    ["the time until its end", ["queued", "running"], "cancelled", 2.5, 1.5],
    ["the time until its last check when the provider names no end", ["running"], "cancelled", undefined, 5],
    ["no time while it waits in the queue", ["queued", "queued", "running"], "failed", 3, 1],
    ["no time of a pause", ["running", "paused", "paused"], "failed", 4, 2],
  ])("%s", (_, checks, status, end, minutes) => {
    const before = sightingsOf(checks.map((seen, index) => [index + 1, seen]));
    const ended = state(status, end === undefined ? {} : { finishedAt: at(end) });
    const { charge } = costOfTraining(BY_TIME, ended, { before, seen: observe(before, ended, at(5)) });
    expect(charge).toEqual({ tokens: 0, requests: 1, nanoUsd: minutes * 600_000_000 });
  });

  it("its whole time, also above its bound", () => {
    const before = sightingsOf([[1, "running"]]);
    const ended = state("cancelled", { finishedAt: at(15) });
    const { charge, excess } = costOfTraining(BY_TIME, ended, { before, seen: observe(before, ended, at(20)) });
    expect([charge.nanoUsd, excess?.nanoUsd]).toEqual([7_200_000_000, 1_800_000_000]);
  });
});
