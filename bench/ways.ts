// `npm run bench:ways`: the costs of ways to pass a stream on, each in a Worker that does nothing else.

import { parseArgs } from "node:util";
import { parseCommandLine } from "../dev/command-line.ts";
import type { Figures } from "./measure.ts";
import { streamCost, streamMemory } from "./measure.ts";
import type { Workload } from "./requests.ts";
import { streamed } from "./requests.ts";
import { build, serve, stripTypes } from "./serve.ts";
import { quantile } from "./statistics.ts";

const WAYS = ["native", "pipe", "tee", "pump", "pull", "transform"];
const ROUNDS = 3;
const LONG: Workload = { tokens: 1000, count: 24, parallel: 4 };
const PACED: Workload = { tokens: 50, delayMs: 20, count: 200, parallel: 200 };
const FEW: Workload = { tokens: 20, delayMs: 250, count: 200, parallel: 200 };
const MANY: Workload = { ...FEW, count: 1000, parallel: 1000 };

parseCommandLine("npm run bench:ways", () => parseArgs({ options: { help: { type: "boolean" } } }).values);

const provider = await serve("provider", {
  entry: build("provider", "dev/wrangler.toml"),
  health: "/__stats",
  vars: { PACE_MS: "0" },
});
const entry = stripTypes("ways");
const start = async (way: string) => {
  const vars = { PROVIDER: provider.url, WAY: way };
  return { ...(await serve(`way-${way}`, { entry, health: "/__stats", vars })), token: () => "emulated-key" };
};
const median = (rounds: Figures[], figure: string) =>
  quantile(
    rounds.map((round) => round[figure] ?? NaN),
    0.5,
  );

console.log(
  "CPU per chunk in µs (1,000 chunks × 4; 50 chunks 20 ms apart × 200), memory for each further stream in KiB",
);
for (const way of WAYS) {
  const server = await start(way);
  const long: Figures[] = [];
  const paced: Figures[] = [];
  // The first round is a warm-up.
  for (let round = 0; round <= ROUNDS; round++) {
    const figures = [await streamCost(server, streamed(LONG), LONG), await streamCost(server, streamed(PACED), PACED)];
    if (round > 0) [long, paced].forEach((list, index) => list.push(figures[index] ?? {}));
  }
  server.stop();
  const memory = await streamMemory(() => start(way), streamed(FEW), FEW, MANY);
  const figures = [
    median(long, "cpu per chunk, µs"),
    median(paced, "cpu per chunk, µs"),
    memory["memory for each further stream, KiB"] ?? NaN,
  ];
  console.log(way.padEnd(12) + figures.map((figure) => figure.toFixed(1).padStart(9)).join(""));
}
provider.stop();
