// Batches of a Weir that is killed at every stage. `npm run chaos:batches` kills it more often.

import { expect, it } from "vitest";
import type { Stage } from "../../../../dev/files-batch/kills.ts";
import { playKills } from "../../../../dev/files-batch/kills.ts";

const STAGES: Stage[] = ["upload", "create", "run", "settle", "delete"];
/** From a request that has not arrived to one that has ended. */
const BEFORE_KILL_MS = [0, 3, 6, 12, 25, 50];

it("a kill at any stage lets each batch be charged once, and leaves no reservation", async () => {
  const plan = STAGES.flatMap((stage) => BEFORE_KILL_MS.map((beforeKillMs) => ({ stage, beforeKillMs })));
  expect(await playKills(plan, () => undefined)).toEqual([]);
}, 90_000);
