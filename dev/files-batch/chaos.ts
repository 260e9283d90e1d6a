// `npm run chaos:batches`: kills Weir at every stage of many batches. Each must be charged once, with nothing left.

import { parseArgs } from "node:util";
import * as fc from "fast-check";
import { parseCommandLine, UsageError } from "../command-line.ts";
import type { Stage } from "./kills.ts";
import { playKills } from "./kills.ts";

const STAGES: Stage[] = ["upload", "create", "run", "settle", "delete"];
const MOST_MS = 120;

const { kills, batches, seed } = parseCommandLine(
  "npm run chaos:batches -- [--kills 3] [--batches 60] [--seed NUMBER]",
  () => {
    const options = {
      kills: { type: "string", default: "3" },
      batches: { type: "string", default: "60" },
      seed: { type: "string", default: String(Date.now() % 1_000_000) },
      help: { type: "boolean" },
    } as const;
    const { help, ...values } = parseArgs({ options }).values;
    const [kills = 0, batches = 0, seed = 0] = [values.kills, values.batches, values.seed].map(Number);
    if (!(kills >= 1 && batches >= 1 && seed >= 0 && [kills, batches, seed].every(Number.isInteger)))
      throw new UsageError("--kills and --batches must be numbers from 1, and --seed a number.");
    return { kills, batches, seed, help };
  },
);

console.log(`seed ${seed}: ${kills} kills, each among ${batches} batches`);
const startedAt = performance.now();
const planned = fc.record({ stage: fc.constantFrom(...STAGES), beforeKillMs: fc.integer({ min: 0, max: MOST_MS }) });
const violations: string[] = [];
for (let kill = 0; kill < kills; kill++) {
  const found = await playKills(fc.sample(planned, { seed: seed + kill, numRuns: batches }), (line) =>
    console.log(line),
  );
  console.log(`kill ${kill + 1}: ${found.length} violations`);
  violations.push(...found);
}
for (const violation of violations) console.error(violation);
console.log(`${violations.length} violations in ${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
if (violations.length > 0) process.exitCode = 1;
