// `npm run bench:bill -- FILE`: the bills of a million chats and runs, from a file with the output of `npm run bench -- --json`.

import { existsSync, readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { parseCommandLine, UsageError } from "../dev/command-line.ts";
import { billLines } from "./bill-lines.ts";
import type { Result } from "./results.ts";
import { runBillLines } from "./run-bill.ts";

const { file } = parseCommandLine("npm run bench:bill -- FILE", () => {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { help: { type: "boolean" } } });
  const [file, ...more] = positionals;
  if (!values.help && (file === undefined || more.length > 0)) throw new UsageError("The command takes one FILE.");
  if (file !== undefined && !existsSync(file)) throw new UsageError(`There is no file '${file}'.`);
  return { ...values, file: file ?? "" };
});

const results = JSON.parse(readFileSync(file, "utf8")) as Result[];
const lines = billLines(results);
if (lines.length > 0) console.log([...lines, "", ...runBillLines(results)].join("\n"));
else {
  console.error(`${file} lacks results that the bill needs. Run npm run -s bench -- --json > ${file} without --only.`);
  process.exitCode = 1;
}
