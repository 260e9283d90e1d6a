// Edits of source text that remove one feature. Pure. Throws when nothing was removed.

/** An edit that was not possible. The message names the expected line. */
export class EditFailed extends Error {}

/** Text before and after a generated table, in Markdown. */
const END = "<!-- end -->";

/**
 * Removes the imports from a feature's folder, and the imported names from the array of a manifest. The folder is
 * written as in the import, such as `./features/usage/`.
 */
export function removeFromManifest(text: string, folder: string): string {
  const imports = new RegExp(`^import \\{([^}]*)\\} from "${escape(folder)}[^"]*";\\n`, "gm");
  const names = [...text.matchAll(imports)].flatMap(([, list = ""]) => list.split(","));
  if (names.length === 0) throw new EditFailed(`expected a line: import { … } from "${folder}…";`);
  return names
    .map((name) => name.trim().replace(/^.* as /, ""))
    .filter((name) => name !== "")
    .reduce(removeEntry, text.replaceAll(imports, ""));
}

/** Removes a name from the only array that has it as an entry. */
function removeEntry(text: string, name: string): string {
  const entries = new RegExp(`(?<=[[,]\\s*)(?:^[ \\t]*)?${escape(name)}\\b(?=\\s*[,\\]]),?[ \\t]*\\n?`, "gm");
  const count = [...text.matchAll(entries)].length;
  if (count !== 1) throw new EditFailed(`expected '${name}' once as an entry of the array, found ${count}`);
  return text.replace(entries, "");
}

/** Removes the lines `export { … } from "<folder>…";`. There may be none. */
export function removeExports(text: string, folder: string): string {
  return text.replaceAll(new RegExp(`^export (type )?\\{[^}]*\\} from "${escape(folder)}[^"]*";\\n`, "gm"), "");
}

/** Takes the block `# feature: NAME … # end` out of a text. `block` is undefined when there is none. */
export function removeBlock(text: string, name: string): { text: string; block: string | undefined } {
  const lines = text.split("\n");
  const first = lines.indexOf(`# feature: ${name}`);
  if (first === -1) return { text, block: undefined };
  const last = lines.indexOf("# end", first);
  const next = lines.findIndex((line, index) => index > first && line.startsWith("# feature: "));
  if (last === -1 || (next !== -1 && next < last)) {
    throw new EditFailed(`expected a line '# end' after '# feature: ${name}'`);
  }
  const before = lines.slice(0, first).join("\n").trimEnd();
  const after = lines
    .slice(last + 1)
    .join("\n")
    .trim();
  return { text: [before, after].filter(Boolean).join("\n\n") + "\n", block: lines.slice(first + 1, last).join("\n") };
}

/** The keys that a feature adds to the catalog: at its root, and in each card, alias and plan. */
export interface SectionKeys {
  root: string[];
  card: string[];
  alias: string[];
  plan: string[];
}

/** Removes the keys of a feature from a catalog document. A changed result needs formatting. */
export function removeSection(text: string, { root, card, alias, plan }: SectionKeys): string {
  const catalog = JSON.parse(text) as Record<string, unknown>;
  const kinds = { cards: card, aliases: alias, plans: plan };
  let isChanged = false;
  const remove = (record: Record<string, unknown>, key: string) => {
    isChanged ||= key in record;
    delete record[key];
  };
  for (const key of root) remove(catalog, key);
  for (const [kind, keys] of Object.entries(kinds)) {
    for (const record of Object.values(catalog[kind] ?? {}) as Record<string, unknown>[]) {
      for (const key of keys) remove(record, key);
    }
  }
  return isChanged ? toJson(catalog) : text;
}

/** The scripts of package.json of which every command names a file or folder in one of these folders. */
export function scriptsIn(text: string, folders: string[]): string[] {
  const { scripts } = JSON.parse(text) as { scripts: Record<string, string> };
  return Object.keys(scripts).filter((name) => commandsOf(scripts[name]).every((command) => names(command, folders)));
}

/**
 * Removes the commands that name a file or folder in one of these folders, then the scripts that have no command left,
 * and the `npm run` calls of those scripts.
 */
export function removeScripts(text: string, folders: string[]): string {
  const manifest = JSON.parse(text) as { scripts: Record<string, string> };
  const calls = new Set(scriptsIn(text, folders).map((name) => `npm run ${name}`));
  const remains = (command: string) => !names(command, folders) && !calls.has(command);
  const scripts: Record<string, string> = {};
  for (const [name, script] of Object.entries(manifest.scripts)) {
    const kept = commandsOf(script).filter(remains).join(" && ");
    if (kept !== "") scripts[name] = kept;
  }
  const isChanged = JSON.stringify(scripts) !== JSON.stringify(manifest.scripts);
  return isChanged ? toJson({ ...manifest, scripts }) : text;
}

const commandsOf = (script = "") => script.split(" && ");

const names = (command: string, folders: string[]) =>
  command.split(" ").some((word) => folders.some((folder) => `${word}/`.startsWith(`${folder}/`)));

/** Adds globs to the `entry` list of knip.json. */
export function addEntries(text: string, globs: string[]): string {
  const configuration = JSON.parse(text) as { entry: string[] };
  const entry = [...new Set([...configuration.entry, ...globs])];
  return entry.length === configuration.entry.length ? text : toJson({ ...configuration, entry });
}

/** Replaces everything between `<!-- NAME -->` and the next `<!-- end -->`. */
export function replaceBetween(text: string, name: string, content: string): string {
  const start = `<!-- ${name} -->`;
  const first = text.indexOf(start);
  const last = text.indexOf(END, first);
  if (first === -1 || last === -1) throw new EditFailed(`expected the lines '${start}' and '${END}'`);
  return `${text.slice(0, first + start.length)}\n\n${content}\n\n${text.slice(last)}`;
}

/** The features that a test names in its first line, `// uses: slim-chat, moderation`. */
export function usedFeatures(text: string): string[] {
  const list = /^\/\/ uses: (.*)/.exec(text)?.[1] ?? "";
  return list
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}

const toJson = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
const escape = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
