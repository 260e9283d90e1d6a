// `npm run bench`: what Weir costs beside a Worker that only passes requests on. Both are built and run under `workerd
// serve` and asked in turn, in the same run; bench/README.md says what each figure means.

import { parseArgs } from "node:util";
import { CASES, leftRunning } from "./cases.ts";
import type { Figures } from "./cases.ts";
import { startStage } from "./stage.ts";
import { spreadOf } from "./statistics.ts";

const { values } = parseArgs({
  options: {
    json: { type: "boolean" },
    rounds: { type: "string", default: "5" },
    only: { type: "string", default: "" },
  },
});

const stage = await startStage();
const results: object[] = [];
try {
  for (const { name, bare, weir } of CASES.filter((one) => one.name.includes(values.only))) {
    const rounds: { bare: Figures; weir: Figures }[] = [];
    // The first round warms up.
    for (let round = 0; round <= Number(values.rounds); round++) {
      const figures = { bare: await bare(stage), weir: await weir(stage) };
      if (round > 0) rounds.push(figures);
    }
    if (!values.json) console.log(`\n${name}`);
    for (const figure of Object.keys(rounds[0]?.weir ?? {})) report(name, figure, rounds);
  }
  const running = await leftRunning(stage);
  results.push({ case: "callers who left", figure: "streams that the provider went on with", weir: running });
  if (!values.json) console.log(`\nstreams that the provider went on with after their callers had left: ${running}`);
  if (running !== 0) process.exitCode = 1;
} finally {
  stage.stop();
}
if (values.json) console.log(JSON.stringify(results, null, 2));

function report(name: string, figure: string, rounds: { bare: Figures; weir: Figures }[]): void {
  const pairs = rounds.map(({ bare, weir }) => ({ bare: bare[figure] ?? NaN, weir: weir[figure] ?? NaN }));
  const bare = spreadOf(pairs.map((pair) => pair.bare));
  const weir = spreadOf(pairs.map((pair) => pair.weir));
  const ratio = spreadOf(pairs.map((pair) => pair.weir / pair.bare));
  results.push({ case: name, figure, bare, weir, ratio });
  if (values.json) return;
  const show = ({ median, least, most }: typeof bare) =>
    `${median.toFixed(2).padStart(9)} (${least.toFixed(2)} to ${most.toFixed(2)})`.padEnd(34);
  console.log(`  ${figure.padEnd(32)} bare ${show(bare)} weir ${show(weir)} ratio ${show(ratio)}`);
}
