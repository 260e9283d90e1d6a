// `npm run chaos`: kills Weir at random moments under load. Afterwards no run may be billed twice, or have lost its end.

import { parseArgs } from "node:util";
import { parseCommandLine, UsageError } from "../command-line.ts";
import type { Behaviour } from "./plan.ts";
import { createPlan } from "./plan.ts";
import { playRounds } from "./rounds.ts";
import { violationsOf } from "./verdict.ts";

const TIMES = { totalMs: 20_000, keepMs: 20_000, awaitAlarms: true };
const BEHAVIOURS: Behaviour[] = ["resumes", "resumes", "repeats", "polls", "leaves", "cancels", "abandons"];

const { seed, ...size } = parseCommandLine("npm run chaos -- [--runs 200] [--kills 10] [--seed NUMBER]", () => {
  const options = {
    runs: { type: "string", default: "200" },
    kills: { type: "string", default: "10" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    help: { type: "boolean" },
  } as const;
  const { help, ...values } = parseArgs({ options }).values;
  const [runs = 0, kills = 0, seed = 0] = [values.runs, values.kills, values.seed].map(Number);
  if (!(runs >= 1 && kills >= 1 && seed >= 0 && [runs, kills, seed].every(Number.isInteger)))
    throw new UsageError("--runs and --kills must be numbers from 1, and --seed a number.");
  return { runs, kills, seed, users: Math.ceil(runs / 3), behaviours: BEHAVIOURS, help };
});

console.log(`seed ${seed}: ${size.runs} runs of ${size.users} users, ${size.kills} kills`);
const startedAt = performance.now();
const outcome = await playRounds(createPlan(seed, size), TIMES, (line) => console.log(line));
const { played, atEnd, billed } = outcome;

const endings = Map.groupBy(played, ({ ending }) => ending ?? "unknown");
console.log(`endings: ${[...endings].map(([ending, { length }]) => `${length} ${ending}`).join(", ")}`);
const ledgers = [...atEnd.ledgers.values()];
const charged = ledgers.reduce((sum, { used }) => sum + (used["tokens/month"]?.amount ?? 0), 0);
const requests = ledgers.reduce((sum, { used }) => sum + (used["requests/month"]?.amount ?? 0), 0);
console.log(`provider: ${billed.requests} requests and ${billed.input + billed.output} tokens billed`);
console.log(`ledgers: ${requests} requests and ${charged} tokens charged`);
console.log(`objects of runs: ${atEnd.leftOfRuns.length === 0 ? "nothing stored, no alarm" : "not empty"}`);

const left = atEnd.leftOfRuns.map((each) => `left after the alarms: ${each}`);
const violations = [...(await violationsOf(outcome)), ...left];
for (const violation of violations) console.error(violation);
console.log(`${violations.length} violations in ${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
if (violations.length > 0) process.exitCode = 1;
