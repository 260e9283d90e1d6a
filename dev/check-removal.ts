// `npm run check:removal`: runs the checks after removing each feature from a copy.
// The smallest fork also runs its tests. Run `npm run check` first: what fails there fails here for each feature.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { FeatureFacts } from "./features-command/manifest.ts";
import { loadFeatures, withDependents } from "./features-command/manifest.ts";
import type { Removal } from "./features-command/removal.ts";
import { createScratchCopy } from "./scratch-copy.ts";
import { parseCommandLine } from "./command-line.ts";

/** The feature that the smallest fork keeps. */
const SMALLEST = "slim-chat";
const SMALLEST_LIMIT_KIB = 70;
/** Scripts of package.json, in two rows that run at the same time. */
const CHECKS = [["types"], ["lint", "dead", "cycles", "features:check", "bundle"]];
/** Lines shown of a step that failed, half of them from its end. */
const SHOWN_LINES = 80;

const { tests, only } = parseCommandLine("npm run check:removal -- [--tests] [--only NAME|smallest]", () => {
  const options = { tests: { type: "boolean" }, only: { type: "string" }, help: { type: "boolean" } } as const;
  return parseArgs({ options }).values;
});

const features = await loadFeatures();
const names = features.map(({ name }) => name);
if (only !== undefined && only !== "smallest" && !names.includes(only)) {
  console.error(`There is no feature '${only}'. Use one of: ${names.join(", ")}, smallest`);
  process.exit(1);
}
const failures: string[] = [];
const copy = createScratchCopy();
try {
  for (const name of names) {
    if (only !== undefined && only !== name) continue;
    await checkWithout(withDependents(features, [name]), [name], [], tests === true);
  }
  if (only === undefined || only === "smallest") {
    const kept = withNeeds(features, SMALLEST);
    const removed = names.filter((name) => !kept.includes(name));
    await checkWithout(removed, removed, ["--limit", String(SMALLEST_LIMIT_KIB)], true);
  }
} finally {
  copy.delete();
}
console.log(failures.length > 0 ? `\nfailed:\n${failures.join("\n")}` : "\nAll features can be removed.");
if (failures.length > 0) process.exitCode = 1;

/** A feature and all that it needs, directly or not. */
function withNeeds(features: FeatureFacts[], name: string): string[] {
  const found = new Set([name]);
  for (const name of found) {
    for (const need of features.find((feature) => feature.name === name)?.needs ?? []) found.add(need);
  }
  return [...found];
}

/** Removes features from the copy, runs the checks, and puts the features back. */
async function checkWithout(
  removed: string[],
  asked: string[],
  bundleWords: string[],
  withTests: boolean,
): Promise<void> {
  const label = `without ${removed.join(", ")}`;
  console.log(label);
  const words = ["remove", ...asked, "--with-dependents", "--json"];
  const output = await step(label, "remove", "npm", "run", "-s", "features", "--", ...words);
  if (output !== undefined) {
    uninstall((JSON.parse(output) as Removal).unusedPackages);
    await Promise.all(
      CHECKS.map(async (row) => {
        for (const check of row) {
          await step(label, check, "npm", "run", "-s", check, "--", ...(check === "bundle" ? bundleWords : []));
        }
      }),
    );
    if (withTests) await step(label, "tests", "npx", "vitest", "run", "--project", "unit", "--project", "worker");
  }
  copy.restore();
}

/** Does to package.json what `npm uninstall` does. */
function uninstall(packages: string[]): void {
  const path = join(copy.folder, "package.json");
  const manifest = JSON.parse(readFileSync(path, "utf8")) as Record<"dependencies" | "devDependencies", object>;
  for (const name of packages) {
    Reflect.deleteProperty(manifest.dependencies, name);
    Reflect.deleteProperty(manifest.devDependencies, name);
  }
  writeFileSync(path, JSON.stringify(manifest, null, 2));
}

/** Runs a program in the copy and prints one line. Returns its output. On failure prints it and returns undefined. */
async function step(label: string, name: string, program: string, ...words: string[]): Promise<string | undefined> {
  const startedAt = performance.now();
  const { ok, stdout, stderr } = await copy.run(program, ...words);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1).padStart(6);
  const summary = name === "bundle" ? `  ${stdout.trim().split("\n").at(-1)}` : "";
  console.log(`  ${ok ? "ok  " : "FAIL"} ${name.padEnd(16)}${seconds} s${summary}`);
  if (ok) return stdout;
  failures.push(`  ${label}: ${name}`);
  const lines = `${stdout}\n${stderr}`.trim().split("\n");
  const half = SHOWN_LINES / 2;
  const shown = lines.length > SHOWN_LINES ? [...lines.slice(0, half), "…", ...lines.slice(-half)] : lines;
  console.log(shown.map((line) => `      ${line}`).join("\n"));
  return undefined;
}
