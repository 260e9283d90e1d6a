// Measures the bundle that would be deployed: gzipped size in all, and by part of the source.

import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { runTool, toFile } from "./repository.ts";

export interface Bundle {
  totalKib: number;
  /** The largest first. They add up to the total. */
  parts: BundlePart[];
}

export interface BundlePart {
  kind: "feature" | "core" | "dialect" | "dependency" | "other";
  name: string;
  /** The share of the gzipped size that is proportional to the part's minified bytes. */
  kib: number;
}

const FOLDER = ".wrangler/bundle";

/** Builds without deploying. Throws with wrangler's output when the build fails. */
export function measureBundle(): Bundle {
  runTool("wrangler", "deploy", "--dry-run", "--outdir", FOLDER, "--metafile");
  const totalKib = gzipSync(readFileSync(toFile(`${FOLDER}/index.js`))).length / 1024;
  const { outputs } = JSON.parse(readFileSync(toFile(`${FOLDER}/bundle-meta.json`), "utf8")) as Metafile;
  const output = Object.entries(outputs).find(([path]) => path.endsWith("index.js"))?.[1];
  if (!output) throw new Error("the metafile of wrangler has no output index.js");

  const bytesOf = new Map<string, number>();
  let rest = output.bytes;
  for (const [path, { bytesInOutput }] of Object.entries(output.inputs)) {
    const part = partOf(path);
    bytesOf.set(part, (bytesOf.get(part) ?? 0) + bytesInOutput);
    rest -= bytesInOutput;
  }
  bytesOf.set("other bundler", rest);
  const parts = [...bytesOf].map(([part, bytes]): BundlePart => {
    const [kind, name] = part.split(" ") as [BundlePart["kind"], string];
    return { kind, name, kib: (totalKib * bytes) / output.bytes };
  });
  return { totalKib, parts: parts.toSorted((one, other) => other.kib - one.kib) };
}

interface Metafile {
  outputs: Record<string, { bytes: number; inputs: Record<string, { bytesInOutput: number }> }>;
}

/** The kind and the name of the part that a source file belongs to, with a space between. */
function partOf(path: string): string {
  const dependency = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1];
  if (dependency !== undefined) return `dependency ${dependency}`;
  const feature = /^src\/features\/([^/]+)\//.exec(path)?.[1];
  if (feature !== undefined) return `feature ${feature}`;
  if (path === "src/core/catalog/default.json") return `core ${path.slice(4)}`;
  const [, kind, folder] = /^src\/(core|dialects)\/(?:([^/]+)\/)?/.exec(path) ?? [];
  if (kind === "dialects") return `dialect ${folder}`;
  if (kind === "core") return `core ${folder ?? "(files)"}`;
  return path.startsWith("src/") ? "other app" : "other bundler";
}
