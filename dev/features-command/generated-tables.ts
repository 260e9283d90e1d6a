// The tables of README.md that are generated from the features.

import { exists } from "../repository.ts";
import { describeFeature, readmeOf } from "./description.ts";
import type { FeatureFacts } from "./manifest.ts";
import { replaceBetween } from "./text-edits.ts";

/** README.md with the tables of these features. The result needs formatting. */
export function writeTables(readme: string, features: FeatureFacts[]): string {
  return replaceBetween(replaceBetween(readme, "features", featureTable(features)), "routes", routeTable(features));
}

/** Whether two texts differ in more than the spaces that the formatter aligns tables with. */
export function sameTables(one: string, other: string): boolean {
  return withoutAlignment(one) === withoutAlignment(other);
}

function featureTable(features: FeatureFacts[]): string {
  return toTable(
    ["feature", "what"],
    features.map(({ name }) => [
      `[${name}](${exists(readmeOf(name)) ? readmeOf(name) : `src/features/${name}`})`,
      describeFeature(name),
    ]),
  );
}

function routeTable(features: FeatureFacts[]): string {
  return toTable(
    ["route", "access", "what", "feature"],
    features.flatMap(({ name, routes = [] }) =>
      routes.map(({ path, access, summary }) => [`\`${path}\``, access, summary, name]),
    ),
  );
}

function toTable(head: string[], rows: string[][]): string {
  return [head, head.map(() => "---"), ...rows].map(toRow).join("\n");
}

function toRow(cells: string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", String.raw`\|`)).join(" | ")} |`;
}

const withoutAlignment = (text: string) => text.replaceAll(/ +/g, " ").replaceAll(/-{3,}/g, "---");
