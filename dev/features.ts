// `npm run features`: lists the features, removes one, and writes the tables of README.md.

import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { measureBundle } from "./bundle-measure.ts";
import { faultOf } from "./command-line.ts";
import { describeFeature } from "./features-command/description.ts";
import { sameTables, writeTables } from "./features-command/generated-tables.ts";
import { loadFeatures, neededBy } from "./features-command/manifest.ts";
import type { Removal } from "./features-command/removal.ts";
import { RemovalRefused, removeFeatures } from "./features-command/removal.ts";
import { EditFailed } from "./features-command/text-edits.ts";
import { read, runTool, toFile } from "./repository.ts";

const USAGE = `npm run features                      lists the features: kilobytes in the gzipped bundle, needs, needed by
npm run features -- remove NAME…      removes features from src, test, dev, wrangler.toml and the bundled catalog
    --with-dependents                 also those that need one of them
npm run features -- tables            writes the generated tables of README.md
    --check                           only fails when they are stale
--json prints the result as JSON, --help this text.`;

const { values, positionals } = readWords();
const [command = "list", ...operands] = positionals;
if (values.help) console.log(USAGE);
else if (command === "list" && operands.length === 0) await list();
else if (command === "remove" && operands.length > 0) await remove();
else if (command === "tables" && operands.length === 0) await tables();
else fail(`${usageFault(command)} npm run features -- --help shows all commands.`);

function readWords() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        "with-dependents": { type: "boolean", default: false },
        check: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
  } catch (error) {
    console.error(`${faultOf(error)} npm run features -- --help shows all commands.`);
    process.exit(1);
  }
}

function usageFault(command: string): string {
  if (command === "remove") return "remove takes at least one NAME.";
  return command === "list" || command === "tables" ? `${command} takes no NAME.` : `There is no command '${command}'.`;
}

async function list(): Promise<void> {
  const features = await loadFeatures();
  const { parts } = measureBundle();
  const rows = features.map(({ name, needs = [] }) => {
    const kib = parts.find((part) => part.kind === "feature" && part.name === name)?.kib ?? 0;
    return { name, what: describeFeature(name), kib, needs, neededBy: neededBy(features, name) };
  });
  if (values.json) return console.log(JSON.stringify(rows, null, 2));
  const width = Math.max(...rows.map(({ name }) => name.length));
  for (const { name, what, kib, needs, neededBy } of rows) {
    const relations = [
      needs.length > 0 ? `needs ${needs.join(", ")}` : "",
      neededBy.length > 0 ? `needed by ${neededBy.join(", ")}` : "",
    ].filter((relation) => relation !== "");
    console.log(`${name.padEnd(width)}  ${kib.toFixed(1).padStart(5)} KiB  ${what}`);
    if (relations.length > 0) console.log(`${" ".repeat(width + 13)}${relations.join("; ")}`);
  }
}

async function remove(): Promise<void> {
  try {
    const removal = removeFeatures(await loadFeatures(), operands, values["with-dependents"]);
    console.log(values.json ? JSON.stringify(removal, null, 2) : describeRemoval(removal));
  } catch (error) {
    if (!(error instanceof RemovalRefused || error instanceof EditFailed)) throw error;
    fail(`${error.message}\nNothing was changed.`);
  }
}

function describeRemoval({ removed, deleted, edited, deployedSteps, unusedPackages, mentions }: Removal): string {
  return [
    `removed: ${removed.join(", ")}`,
    `deleted:\n${indent(deleted)}`,
    `edited:\n${indent(edited)}`,
    ...deployedSteps,
    ...(unusedPackages.length > 0 ? [`Nothing imports these packages: npm uninstall ${unusedPackages.join(" ")}`] : []),
    ...(mentions.length > 0 ? [`These lines still name a removed folder or script:\n${indent(byFile(mentions))}`] : []),
    "Then: npm run check && npm test",
  ].join("\n\n");
}

/** `a.md:1` and `a.md:2` become `a.md:1, 2`. */
function byFile(mentions: string[]): string[] {
  const files = Map.groupBy(mentions, (mention) => mention.slice(0, mention.indexOf(":")));
  return [...files].map(([file, all]) => `${file}:${all.map((mention) => mention.slice(file.length + 1)).join(", ")}`);
}

function indent(lines: string[]): string {
  return lines.map((line) => `  ${line}`).join("\n");
}

async function tables(): Promise<void> {
  const present = read("README.md");
  const written = writeTables(present, await loadFeatures());
  if (sameTables(present, written)) return;
  if (values.check) return fail("The tables of README.md are stale: npm run features -- tables");
  writeFileSync(toFile("README.md"), written);
  runTool("oxfmt", "README.md");
}

function fail(message: string): void {
  console.error(message);
  process.exitCode = 1;
}
