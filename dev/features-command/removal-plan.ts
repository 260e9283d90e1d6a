// Plans a removal: files to delete and new text of files to edit. Writes nothing.

import { exists, listFiles, read } from "../repository.ts";
import { deployedSteps } from "./deployed-worker.ts";
import { writeTables } from "./generated-tables.ts";
import type { FeatureFacts } from "./manifest.ts";
import { removeCards } from "./unserved-cards.ts";
import {
  addEntries,
  EditFailed,
  removeBlock,
  removeExports,
  removeFromManifest,
  removeScripts,
  removeSection,
  scriptsIn,
  usedFeatures,
} from "./text-edits.ts";

export interface RemovalPlan {
  /** Folders and files, by their path from the root. */
  deletions: string[];
  /** New texts by path. They need formatting. */
  edits: Map<string, string>;
  /** Scripts that package.json loses. */
  scripts: string[];
  /** Whether the bindings of the Worker change, so that their types must be generated again. */
  bindingsChange: boolean;
  /** What a deployed Worker needs on top, each as one paragraph. */
  deployedSteps: string[];
}

/** Folders whose exports may lose their last user with a feature. Knip shall not report them. */
const SHARED = [
  "src/core/**",
  "src/dialects/**",
  "dev/*.ts",
  "dev/provider/{kernel,dialects}/**",
  "test/**/support/**",
];

const DEFAULT_CATALOG = "src/core/catalog/default.json";

/** Throws `EditFailed`, with the path, when a file does not have the line that an edit expects. */
export function planRemoval(features: FeatureFacts[], names: string[]): RemovalPlan {
  const removed = features.filter(({ name }) => names.includes(name));
  const remaining = features.filter(({ name }) => !names.includes(name));
  const edits = new Map<string, string>();
  const edit = (path: string, change: (text: string) => string) => {
    const text = edits.get(path) ?? read(path);
    const changed = explained(path, () => change(text));
    if (changed !== text) edits.set(path, changed);
  };

  const folders = names.flatMap(foldersOf).filter(exists);
  const blocks: string[] = [];
  for (const { name, catalog } of removed) {
    edit("src/features.ts", (text) => removeFromManifest(text, `./features/${name}/`));
    edit("src/index.ts", (text) => removeExports(text, `./features/${name}/`));
    edit("wrangler.toml", (text) => {
      const result = removeBlock(text, name);
      if (result.block !== undefined) blocks.push(result.block);
      return result.text;
    });
    if (catalog) edit(DEFAULT_CATALOG, (text) => removeSection(text, keysOf(catalog)));
    if (exists(`dev/provider/${name}`)) {
      edit("dev/provider/features.ts", (text) => removeFromManifest(text, `./${name}/`));
    }
  }
  edit(DEFAULT_CATALOG, (text) =>
    removeCards(
      text,
      remaining.flatMap(({ serves = [] }) => serves),
    ),
  );
  const scripts = scriptsIn(read("package.json"), names.flatMap(foldersOf));
  edit("package.json", (text) => removeScripts(text, names.flatMap(foldersOf)));
  edit("README.md", (text) => writeTables(text, remaining));
  edit("knip.json", (text) => addEntries(text, [...SHARED, ...neededFolders(removed, remaining)]));

  const wrangler = read("wrangler.toml");
  const isInFolder = (path: string) => folders.some((folder) => path.startsWith(`${folder}/`));
  const uses = (path: string) => usedFeatures(read(path)).some((name) => names.includes(name));
  const tests = listFiles("test").filter((path) => path.endsWith(".ts") && !isInFolder(path) && uses(path));
  return {
    deletions: [...folders, ...tests],
    edits,
    scripts,
    bindingsChange: blocks.length > 0,
    deployedSteps: deployedSteps(blocks, wrangler, edits.get("wrangler.toml") ?? wrangler),
  };
}

/** Everything in these folders belongs to the feature. */
function foldersOf(name: string): string[] {
  return [`src/features/${name}`, `test/features/${name}`, `dev/provider/${name}`, `dev/${name}`];
}

/** The folders of remaining features that a removed one imports from. */
function neededFolders(removed: FeatureFacts[], remaining: FeatureFacts[]): string[] {
  const needed = new Set(removed.flatMap(({ needs = [] }) => needs));
  return remaining.filter(({ name }) => needed.has(name)).map(({ name }) => `src/features/${name}/**`);
}

function keysOf({ root = {}, card = {}, alias = {}, plan = {} }: NonNullable<FeatureFacts["catalog"]>) {
  return { root: Object.keys(root), card: Object.keys(card), alias: Object.keys(alias), plan: Object.keys(plan) };
}

function explained(path: string, change: () => string): string {
  try {
    return change();
  } catch (error) {
    if (error instanceof EditFailed) throw new EditFailed(`${path}: ${error.message}`);
    throw error;
  }
}
