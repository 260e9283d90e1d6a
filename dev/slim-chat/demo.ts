// `npm run demo -- "a question"`: starts Weir, streams the answer to one question, stops.

import { parseArgs } from "node:util";
import { parseCommandLine, UsageError } from "../command-line.ts";
import { exists, toFile } from "../repository.ts";
import { startStack } from "../stack.ts";
import { createToken } from "../token.ts";
import { ask } from "./ask.ts";

/** The flag --cut needs this file, which the feature `runs` brings. */
const CUT_DEMO = "dev/runs/cut-demo.ts";

const { cut, words } = parseCommandLine("npm run demo -- [--cut] [QUESTION]", () => {
  const options = { cut: { type: "boolean" }, help: { type: "boolean" } } as const;
  const { values, positionals } = parseArgs({ allowPositionals: true, options });
  if (values.cut && !exists(CUT_DEMO)) throw new UsageError("--cut needs the feature 'runs', which was removed.");
  return { ...values, words: positionals };
});
const question = words.join(" ") || "Why does a weir make a river easier to measure?";
const play = cut ? ((await import(toFile(CUT_DEMO))) as { cutDemo: typeof ask }).cutDemo : ask;

const print = (text: string) => void process.stdout.write(text);

const stack = await startStack().catch((error: Error) => {
  console.error(error.message);
  process.exit(1);
});
try {
  const { url, emulated } = stack;
  const provider = emulated ? "the emulated provider" : "the real provider";
  const input = JSON.stringify(question);
  console.log(`POST ${url}/chat {"input":${input}} as a user of the plan 'free', with ${provider}:\n`);
  const isComplete = await play({ url, authorization: `Bearer ${await createToken("demo")}`, question, print });
  process.exitCode = isComplete ? 0 : 1;
} finally {
  await stack.harness.close();
}
