// `npm run bench:quota`: the throughput and the latency of quota decisions. It asserts nothing.

import { parseArgs } from "node:util";
import { createTestHarness } from "wrangler";
import { parseCommandLine } from "../dev/command-line.ts";
import { spreadOf } from "./statistics.ts";

interface Run {
  totalMs: number;
  reserveMs: number;
  settleMs: number;
}

const ROUNDS = 5;
const CASES = [
  { name: "one user, one after the other", objects: 1, parallel: 1, count: 2000 },
  { name: "one user, 50 at once", objects: 1, parallel: 50, count: 5000 },
  { name: "100 users, 100 at once", objects: 100, parallel: 100, count: 5000 },
];

parseCommandLine("npm run bench:quota", () => parseArgs({ options: { help: { type: "boolean" } } }).values);

process.env.WRANGLER_SEND_METRICS = "false";
process.env.CLOUDFLARE_CF_FETCH_ENABLED = "false";
const harness = createTestHarness({ workers: [{ configPath: new URL("wrangler.toml", import.meta.url) }] });
await harness.listen();
console.log(`median (least to most) of ${ROUNDS} rounds; a decision is one reserve and one settle\n`);
for (const { name, ...query } of CASES) {
  const path = `/?objects=${query.objects}&parallel=${query.parallel}&count=${query.count}`;
  const round = async () => (await (await harness.fetch(path)).json()) as Run;
  await round();
  const runs: Run[] = [];
  while (runs.length < ROUNDS) runs.push(await round());
  const decisions = show(
    runs.map(({ totalMs }) => (query.count / totalMs) * 1000),
    0,
  );
  const reserve = show(
    runs.map(({ reserveMs }) => reserveMs / query.count),
    2,
  );
  const settle = show(
    runs.map(({ settleMs }) => settleMs / query.count),
    2,
  );
  console.log(`${name}: ${decisions} decisions/s, reserve ${reserve} ms, settle ${settle} ms`);
}
await harness.close();

function show(values: number[], digits: number): string {
  const { median, least, most } = spreadOf(values);
  return `${median.toFixed(digits)} (${least.toFixed(digits)} to ${most.toFixed(digits)})`;
}
