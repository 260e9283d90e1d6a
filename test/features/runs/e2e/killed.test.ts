// uses: slim-chat
// Runs of a Weir that is killed. `npm run chaos` kills it more often.

import { expect, it } from "vitest";
import type { Behaviour } from "../../../../dev/runs/plan.ts";
import { playRounds } from "../../../../dev/runs/rounds.ts";
import { violationsOf } from "../../../../dev/runs/verdict.ts";

/** From runs that have no reservation yet to runs that have ended. An answer takes about 300 ms. */
const BEFORE_KILL_MS = [1, 3, 5, 8, 12, 20, 50, 100, 150, 200, 400, 500];
const BEHAVIOURS: Behaviour[] = ["resumes", "repeats", "polls"];
const TIMES = { totalMs: 20_000, keepMs: 20_000, awaitAlarms: false };

it("a kill lets no run be billed twice, and no run lose its end", async () => {
  const runs = BEFORE_KILL_MS.map((beforeKillMs, index) => {
    const behaviour = BEHAVIOURS[index % BEHAVIOURS.length] ?? "resumes";
    const answer = { firstMs: 20, delayMs: 4, sentences: 2 };
    const user = `user-${index % 4}`;
    return Object.assign(answer, { user, round: 0, beforeKillMs, behaviour, actsAfterMs: 0 });
  });
  const outcome = await playRounds({ uptimesMs: [520], runs }, TIMES, () => undefined);
  expect(await violationsOf(outcome)).toEqual([]);
  expect(outcome.played).toHaveLength(BEFORE_KILL_MS.length);
}, 60_000);
