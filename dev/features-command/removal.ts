// Removes features: refuses what would break or lose something, then carries out the plan.

import { rmSync, writeFileSync } from "node:fs";
import { git, runTool, toFile } from "../repository.ts";
import type { FeatureFacts } from "./manifest.ts";
import { neededBy, withDependents } from "./manifest.ts";
import type { RemovalPlan } from "./removal-plan.ts";
import { planRemoval } from "./removal-plan.ts";

/** A removal that was not begun. The message says why, and what to do. */
export class RemovalRefused extends Error {}

export interface Removal {
  removed: string[];
  deleted: string[];
  edited: string[];
  deployedSteps: string[];
  /** Packages of package.json that nothing imports any more. */
  unusedPackages: string[];
  /** Lines that still name what was removed, as `path:line`. */
  mentions: string[];
}

/** Throws `RemovalRefused` or `EditFailed` before anything was changed. */
export function removeFeatures(features: FeatureFacts[], asked: string[], alsoDependents: boolean): Removal {
  const names = namesToRemove(features, asked, alsoDependents);
  const plan = planRemoval(features, names);
  const edited = [...plan.edits.keys(), ...(plan.bindingsChange ? ["src/bindings.d.ts"] : [])];
  refuseUncommitted([...plan.deletions, ...edited]);
  carryOut(plan);
  return {
    removed: names,
    deleted: plan.deletions,
    edited,
    deployedSteps: plan.deployedSteps,
    unusedPackages: unusedPackages(),
    mentions: mentionsOf(names, plan.scripts),
  };
}

function namesToRemove(features: FeatureFacts[], asked: string[], alsoDependents: boolean): string[] {
  const all = features.map(({ name }) => name);
  const unknown = asked.filter((name) => !all.includes(name));
  if (unknown.length > 0) {
    throw new RemovalRefused(`There is no feature '${unknown.join("', '")}'. The features: ${all.join(", ")}`);
  }
  const names = withDependents(features, asked);
  if (alsoDependents || names.length === new Set(asked).size) return names;
  const reasons = asked.flatMap((name) => {
    const dependents = neededBy(features, name).filter((dependent) => !asked.includes(dependent));
    return dependents.length > 0 ? [`${dependents.join(", ")} needs '${name}'.`] : [];
  });
  throw new RemovalRefused(
    `${reasons.join("\n")}\nTo remove ${names.join(", ")}: npm run features -- remove ${asked.join(" ")} --with-dependents`,
  );
}

function refuseUncommitted(paths: string[]): void {
  let status: string;
  try {
    status = git("status", "--porcelain", "--untracked-files=all", "--", ...paths);
  } catch {
    throw new RemovalRefused(
      "This folder is no git repository. Run `git init`, and commit everything, then try again.",
    );
  }
  if (status === "") return;
  throw new RemovalRefused(`These files have uncommitted changes. Commit or stash them first:\n${status.trimEnd()}`);
}

function carryOut({ deletions, edits, bindingsChange }: RemovalPlan): void {
  for (const path of deletions) rmSync(toFile(path), { recursive: true });
  for (const [path, text] of edits) writeFileSync(toFile(path), text);
  runTool("oxfmt", ...edits.keys());
  if (bindingsChange)
    runTool("wrangler", "types", "src/bindings.d.ts", "--include-runtime=false", "--strict-vars=false");
}

interface KnipReport {
  issues: { dependencies?: { name: string }[]; devDependencies?: { name: string }[] }[];
}

function unusedPackages(): string[] {
  const report = JSON.parse(
    runTool("knip", "--no-exit-code", "--reporter", "json", "--include", "dependencies"),
  ) as KnipReport;
  return report.issues
    .flatMap(({ dependencies = [], devDependencies = [] }) => [dependencies, devDependencies])
    .flat()
    .map(({ name }) => name);
}

/** Lines that name a removed folder, or call a removed script. */
function mentionsOf(names: string[], scripts: string[]): string[] {
  const folders = `(features|dev)/(${names.join("|")})([^a-z0-9-]|$)`;
  const calls = scripts.map((script) => `npm run (-s )?${script}([^a-z0-9:-]|$)`);
  try {
    const pattern = [folders, ...calls].join("|");
    const lines = git("grep", "-nE", pattern, "--", ".", ":!CHANGELOG.md").trimEnd().split("\n");
    return lines.flatMap((line) => /^[^:]+:\d+/.exec(line)?.[0] ?? []);
  } catch {
    // git grep fails when it finds nothing.
    return [];
  }
}
