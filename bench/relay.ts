// `npm run bench`: Weir's cost compared with a bare pass-through Worker in the same run.
// bench/README.md defines each figure.

import { parseArgs } from "node:util";
import { billLines } from "./bill-lines.ts";
import { COUNT_CASES, countChats, countRuns, RUN_COUNTS, showCounts } from "./chat-counts.ts";
import type { Case } from "./cases.ts";
import { CASES, countUncancelled } from "./cases.ts";
import type { Figures } from "./measure.ts";
import { parseCommandLine, UsageError } from "../dev/command-line.ts";
import type { Result } from "./results.ts";
import { runBillLines } from "./run-bill.ts";
import { startTestbed } from "./testbed.ts";
import type { Spread } from "./statistics.ts";
import { spreadOf } from "./statistics.ts";

type Round = Record<"bare" | "weir", Figures>;

const values = parseCommandLine("npm run bench -- [--rounds 5] [--only NAME] [--json]", () => {
  const options = {
    json: { type: "boolean" },
    rounds: { type: "string", default: "5" },
    only: { type: "string", default: "" },
    help: { type: "boolean" },
  } as const;
  const { values } = parseArgs({ options });
  if (!/^[1-9]\d*$/.test(values.rounds))
    throw new UsageError(`--rounds must be a number from 1, not '${values.rounds}'.`);
  const names = [...[...CASES, ...COUNT_CASES].map(({ name }) => name), RUN_COUNTS];
  if (!names.some((name) => name.includes(values.only)))
    throw new UsageError(`No case in bench/cases.ts or bench/chat-counts.ts has '${values.only}' in its name.`);
  return values;
});
const print = (line: string) => values.json || console.log(line);

const testbed = await startTestbed();
const results: Result[] = [];
const failures: string[] = [];
try {
  for (const one of CASES.filter(({ name }) => name.includes(values.only))) {
    print(`\n${one.name}`);
    const rounds: Round[] = [];
    const warmUps = one.skipsWarmUp ? 0 : 1;
    const count = Math.min(Number(values.rounds), one.maxRounds ?? Infinity);
    for (let round = 0; round < warmUps + count; round++) {
      const figures = { bare: await one.bare(testbed), weir: await one.weir(testbed) };
      if (round >= warmUps) rounds.push(figures);
    }
    for (const figure of Object.keys(rounds[0]?.weir ?? {})) report(one, figure, rounds);
  }
  for (const one of COUNT_CASES.filter(({ name }) => name.includes(values.only))) {
    const { first, later } = await countChats(testbed, one);
    results.push({ case: one.name, first, later });
    print(`\n${one.name}\n  of new users  ${showCounts(first)}\n  afterwards    ${showCounts(later)}`);
  }
  if (RUN_COUNTS.includes(values.only)) {
    const later = await countRuns(testbed);
    results.push({ case: RUN_COUNTS, later });
    print(`\n${RUN_COUNTS}\n  ${showCounts(later)}`);
  }
  print("");
  check("callers who left", "streams that the provider went on with", await countUncancelled(testbed), 0);
} finally {
  testbed.stop();
}
if (values.json) console.log(JSON.stringify(results, null, 2));
else console.log(["", ...billLines(results), "", ...runBillLines(results)].join("\n"));
for (const failure of failures) console.error(`FAILED: ${failure}`);
if (failures.length > 0) process.exitCode = 1;

function report({ name, limits, addedLimits }: Case, figure: string, rounds: Round[]): void {
  const pairs = rounds.map(({ bare, weir }) => ({ bare: valueOf(bare, figure), weir: valueOf(weir, figure) }));
  const spreads = {
    bare: spreadOf(pairs.map(({ bare }) => bare)),
    weir: spreadOf(pairs.map(({ weir }) => weir)),
    // Lags and late streams are near 0, so their ratio is meaningless.
    ...(/^(lag|late)/.test(figure) ? {} : { ratio: spreadOf(pairs.map(({ bare, weir }) => weir / bare)) }),
    ...(/, ms$|^cpu per chunk/.test(figure) ? { added: spreadOf(pairs.map(({ bare, weir }) => weir - bare)) } : {}),
  };
  results.push({ case: name, figure, ...spreads });
  const shown = Object.entries(spreads).map(([label, spread]) => `${label} ${show(spread)}`);
  print(`  ${figure.padEnd(30)} ${shown.join(" ")}`.trimEnd());
  const limit = limits?.[figure];
  if (limit !== undefined) check(name, figure, spreads.weir.median, limit);
  const addedLimit = addedLimits?.[figure];
  if (addedLimit !== undefined) check(name, `added ${figure}`, spreads.added?.median ?? NaN, addedLimit);
}

function check(name: string, what: string, weir: number, limit: number): void {
  const passed = weir <= limit;
  results.push({ case: name, check: what, weir, limit, passed });
  const text = `${what}: ${weir.toFixed(0)}, at most ${limit}`;
  if (!passed) failures.push(`${name}: ${text}`);
  print(`  check: ${text}: ${passed ? "holds" : "FAILED"}`);
}

function valueOf(figures: Figures, figure: string): number {
  const value = figures[figure];
  if (value === undefined || !Number.isFinite(value)) throw new Error(`The round has no figure '${figure}'.`);
  return value;
}

function show({ median, least, most }: Spread): string {
  return `${median.toFixed(2).padStart(8)} (${least.toFixed(2)} to ${most.toFixed(2)})`.padEnd(32);
}
