// `npm run bench:media`: CPU and memory of large uploads and answers, beside a bare pass-through Worker.

import { parseArgs } from "node:util";
import { parseCommandLine } from "../dev/command-line.ts";
import { peak, requestCost } from "./measure.ts";
import type { BenchRequest, Workload } from "./requests.ts";
import { quantile } from "./statistics.ts";
import type { Server } from "./testbed.ts";
import { startTestbed } from "./testbed.ts";
import { batchUpload, FILE_MB, MB, plainUpload, RECORDING_MB, recordingUpload } from "./upload-rows.ts";

const IMAGE_MB = 20;
const JSON_END = /\}\s*$/;

const image: BenchRequest = {
  path: "/v1/images/generations",
  body: JSON.stringify({ model: "gpt-image-2", prompt: `emulate {"image_bytes":${(IMAGE_MB * MB * 3) / 4}}` }),
  status: 200,
  ending: JSON_END,
};

/** A stream of one image in one event. */
const imageStream: BenchRequest = {
  ...image,
  body: JSON.stringify({ ...(JSON.parse(String(image.body)) as object), stream: true }),
  ending: /\}\n\n$/,
};

const CASES: [what: string, megabytes: number, request: BenchRequest][] = [
  [`upload of ${RECORDING_MB} MB`, RECORDING_MB, recordingUpload],
  [`image of ${IMAGE_MB} MB`, IMAGE_MB, image],
  [`image of ${IMAGE_MB} MB, streamed`, IMAGE_MB, imageStream],
  [`file of ${FILE_MB} MB`, FILE_MB, plainUpload],
  [`batch of ${FILE_MB} MB`, FILE_MB, batchUpload],
];
const ROUNDS = 5;
/** Requests one after another for the CPU time, and at once for the memory. */
const IN_TURN: Workload = { tokens: 0, count: 4, parallel: 1 };
const ALONE: Workload = { tokens: 0, count: 1, parallel: 1 };
const TOGETHER: Workload = { tokens: 0, count: 4, parallel: 4 };

const { only = "" } = parseCommandLine(
  "npm run bench:media -- --only file",
  () => parseArgs({ options: { help: { type: "boolean" }, only: { type: "string" } } }).values,
);

/** The median CPU time of a megabyte in ms. The first round is a warm-up. */
async function cpuPerMegabyte(server: Server, request: BenchRequest, megabytes: number): Promise<number> {
  const rounds: number[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const { "cpu per request, µs": cpuUs = NaN } = await requestCost(server, request, IN_TURN);
    if (round > 0) rounds.push(cpuUs / 1000 / megabytes);
  }
  return quantile(rounds, 0.5);
}

const row = (cells: (string | number)[]) =>
  cells.map((cell) => (typeof cell === "string" ? cell : cell.toFixed(2)).padStart(12)).join("");

const testbed = await startTestbed();
const { bare, weir, fresh } = testbed;
try {
  console.log("CPU in ms per MB, peak memory of a new process in MiB\n");
  console.log("".padEnd(28) + row(["bare", "Weir", "ratio"]));
  for (const [what, megabytes, request] of CASES.filter(([name]) => name.includes(only))) {
    const cpu = [
      await cpuPerMegabyte(bare, request, megabytes),
      await cpuPerMegabyte(weir, request, megabytes),
    ] as const;
    console.log(`${what}: CPU`.padEnd(28) + row([...cpu, cpu[1] / cpu[0]]));
    for (const workload of [ALONE, TOGETHER]) {
      const memory = [
        (await peak(fresh.bare, request, workload))["peak memory, MiB"] ?? NaN,
        (await peak(fresh.weir, request, workload))["peak memory, MiB"] ?? NaN,
      ] as const;
      console.log(`  memory, ${workload.count} at once`.padEnd(28) + row([...memory, memory[1] / memory[0]]));
    }
  }
} finally {
  testbed.stop();
}
