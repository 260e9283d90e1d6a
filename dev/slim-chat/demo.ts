// `npm run demo -- "a question"`: starts Weir, streams the answer to one question, stops.

import { parseArgs } from "node:util";
import { parseCommandLine, UsageError } from "../command-line.ts";
import { exists, toFile } from "../repository.ts";
import { startStack } from "../stack.ts";
import { createToken } from "../token.ts";
import { ask } from "./ask.ts";

/** The module of each flag and its function. A feature brings it. */
const DEMOS = {
  cut: { module: "dev/runs/cut-demo.ts", play: "cutDemo", feature: "runs" },
  batch: { module: "dev/files-batch/batch-demo.ts", play: "batchDemo", feature: "files-batch" },
};

const { demo, words } = parseCommandLine("npm run demo -- [--cut | --batch] [QUESTION]", () => {
  const options = { cut: { type: "boolean" }, batch: { type: "boolean" }, help: { type: "boolean" } } as const;
  const { values, positionals } = parseArgs({ allowPositionals: true, options });
  const flag = values.cut ? "cut" : values.batch ? "batch" : undefined;
  const demo = flag && DEMOS[flag];
  if (demo && !exists(demo.module))
    throw new UsageError(`--${flag} needs the feature '${demo.feature}', which was removed.`);
  return { ...values, demo, words: positionals };
});
const question = words.join(" ") || "Why does a weir make a river easier to measure?";
const play = demo ? (((await import(toFile(demo.module))) as Record<string, typeof ask>)[demo.play] ?? ask) : ask;

const print = (text: string) => void process.stdout.write(text);

const stack = await startStack().catch((error: Error) => {
  console.error(error.message);
  process.exit(1);
});
try {
  const { url, emulated } = stack;
  const provider = emulated ? "the emulated provider" : "the real provider";
  const request = demo === DEMOS.batch ? "/v1/batches" : `/chat {"input":${JSON.stringify(question)}}`;
  console.log(`POST ${url}${request} as a user of the plan 'free', with ${provider}:\n`);
  const isComplete = await play({ url, authorization: `Bearer ${await createToken("demo")}`, question, print });
  process.exitCode = isComplete ? 0 : 1;
} finally {
  await stack.harness.close();
}
