// `npm run cycles`: finds imports of higher layers, and cycles between folders of core.

import { dirname, join } from "node:path/posix";
import { exists, listFiles, read } from "./repository.ts";

/** Layers, the top one first. A file imports only from its own layer and the layers below. */
const LAYERS = ["src/index.ts", "src/app.ts", "src/features.ts", "src/features/", "src/dialects/", "src/core/"];

/** Imports shown of one step of a cycle. */
const SHOWN_IMPORTS = 5;

interface Import {
  from: string;
  to: string;
}

const imports = listFiles("src")
  .filter((path) => path.endsWith(".ts") && !path.endsWith(".d.ts"))
  .flatMap(importsOf);
const faults = [...imports.flatMap(misdirected), ...cyclesOf(imports)];

for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exitCode = 1;
else console.log(`imports: ${imports.length} point one way, no cycle between folders of core`);

/** Imports of other files of the repository, of types too. */
function importsOf(from: string): Import[] {
  const pattern = /^(?:import|export)\b[^;"]*?\bfrom\s+"(\.[^"]+)"|^import\s+"(\.[^"]+)"|\bimport\(\s*"(\.[^"]+)"/gm;
  const paths = [...read(from).matchAll(pattern)].map(([, ...found]) => found.find(Boolean) ?? "");
  return paths.map((path) => ({ from, to: join(dirname(from), path) })).filter(({ to }) => exists(to));
}

function layerOf(path: string): number {
  return LAYERS.findIndex((layer) => path.startsWith(layer));
}

function misdirected({ from, to }: Import): string[] {
  if (layerOf(from) > layerOf(to)) return [`${from} → ${to}: imports a higher layer. Move the shared part down.`];
  const feature = featureOf(from);
  const other = featureOf(to);
  if (feature === undefined || other === undefined || feature === other) return [];
  if (needsOf(feature).includes(other)) return [];
  return [`${from} → ${to}: src/features/${feature}/index.ts does not declare that it needs '${other}'`];
}

/** Read from the text, since an import cycle can keep the feature from loading. */
function needsOf(feature: string): string[] {
  const list = /\bneeds: \[([^\]]*)\]/.exec(read(`src/features/${feature}/index.ts`))?.[1] ?? "";
  return [...list.matchAll(/"([^"]+)"/g)].flatMap(([, name]) => name ?? []);
}

function featureOf(path: string): string | undefined {
  return /^src\/features\/([^/]+)\//.exec(path)?.[1];
}

/** Returns one shortest cycle for each node that is in a cycle. A node is a folder of core, or a file in src/core. */
function cyclesOf(imports: Import[]): string[] {
  const edges = new Map<string, Map<string, Import[]>>();
  for (const edge of imports) {
    const [from, to] = [nodeOf(edge.from), nodeOf(edge.to)];
    if (from === undefined || to === undefined || from === to) continue;
    const targets = edges.get(from) ?? new Map<string, Import[]>();
    edges.set(from, targets.set(to, [...(targets.get(to) ?? []), edge]));
  }
  const found = new Map<string, string>();
  for (const start of edges.keys()) {
    const cycle = shortestCycle(start, (node) => [...(edges.get(node)?.keys() ?? [])]);
    if (!cycle) continue;
    const steps = cycle.map((node, index) => edges.get(node)?.get(cycle[index + 1] ?? start) ?? []);
    const lines = steps.flatMap(toLines);
    found.set(cycle.toSorted().join(" "), `cycle: ${[...cycle, start].join(" → ")}\n${lines.join("\n")}`);
  }
  return [...found.values()];
}

/** The imports of one step of a cycle. The step with the fewest is usually the one to remove. */
function toLines(step: Import[]): string[] {
  const lines = [...new Set(step.map(({ from, to }) => `  ${from} → ${to}`))];
  const rest = lines.length - SHOWN_IMPORTS;
  return rest > 0 ? [...lines.slice(0, SHOWN_IMPORTS), `  … and ${rest} more`] : lines;
}

/** The folder of core that a file is in, or the file itself when it is directly in src/core. */
function nodeOf(path: string): string | undefined {
  return /^src\/core\/[^/]+/.exec(path)?.[0];
}

/** The nodes of a shortest way from a node back to itself, breadth first. */
function shortestCycle(start: string, next: (node: string) => string[]): string[] | undefined {
  const ways = [[start]];
  const seen = new Set<string>();
  for (const way of ways) {
    for (const node of next(way.at(-1) ?? start)) {
      if (node === start) return way;
      if (!seen.has(node)) ways.push([...way, node]);
      seen.add(node);
    }
  }
  return undefined;
}
