// `npm run bundle`: the gzipped size of the deployed Worker, checked against a budget.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const BUDGET_KIB = 60;
const folder = ".wrangler/bundle";

execFileSync("wrangler", ["deploy", "--dry-run", "--outdir", folder], { stdio: ["ignore", "ignore", "inherit"] });
const sizeKib = gzipSync(readFileSync(`${folder}/index.js`)).length / 1024;
console.log(`bundle: ${sizeKib.toFixed(1)} KiB gzipped of ${BUDGET_KIB}`);
if (sizeKib > BUDGET_KIB) {
  console.error("The bundle exceeds its budget. Remove something, or raise BUDGET_KIB in dev/bundle-size.ts.");
  process.exitCode = 1;
}
