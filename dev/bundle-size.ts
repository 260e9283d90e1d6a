// `npm run bundle`: gzipped kilobytes of the Worker by feature, core folder, dialect and dependency.

import { parseArgs } from "node:util";
import { measureBundle } from "./bundle-measure.ts";
import { parseCommandLine, UsageError } from "./command-line.ts";

const LIMIT_KIB = 256;

const { json, limit } = parseCommandLine("npm run bundle -- [--json] [--limit KIB]", () => {
  const options = {
    json: { type: "boolean" },
    limit: { type: "string", default: String(LIMIT_KIB) },
    help: { type: "boolean" },
  } as const;
  const { values } = parseArgs({ options });
  if (!/^\d+$/.test(values.limit))
    throw new UsageError(`--limit must be a whole number of KiB, not '${values.limit}'.`);
  return values;
});
const limitKib = Number(limit);
const bundle = measureBundle();

if (json) console.log(JSON.stringify({ limitKib, ...bundle }, null, 2));
else {
  for (const kind of ["feature", "core", "dialect", "dependency", "other"]) {
    const parts = bundle.parts.filter((part) => part.kind === kind);
    const sum = parts.reduce((total, { kib }) => total + kib, 0);
    console.log(`${kind.padEnd(30)}${toKib(sum)}`);
    for (const { name, kib } of parts) console.log(`  ${name.padEnd(28)}${toKib(kib)}`);
  }
  console.log(`bundle: ${bundle.totalKib.toFixed(1)} KiB gzipped of ${limitKib}`);
}
if (bundle.totalKib > limitKib) {
  console.error(`The bundle is larger than ${limitKib} KiB. Remove a feature or a dependency: npm run features`);
  process.exitCode = 1;
}

function toKib(kib: number): string {
  return `${kib.toFixed(1)} KiB`.padStart(10);
}
