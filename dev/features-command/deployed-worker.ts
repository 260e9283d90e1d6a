// Migrations and crons that a deployed Worker needs after a removal. Pure.

/** Steps for a Worker that was deployed with these blocks. Each is one paragraph; none when nothing is needed. */
export function deployedSteps(blocks: string[], before: string, after: string): string[] {
  const steps: string[] = [];
  const classes = blocks.flatMap(migrationsOf).flatMap(createdClasses);
  if (classes.length > 0) {
    const tag = nextTag(before);
    const list = classes.map((name) => `"${name}"`).join(", ");
    const migration = `[[migrations]]\ntag = "${tag}"\ndeleted_classes = [${list}]`;
    const toml = [...migrationsAfterLast(before, after), migration].join("\n\n");
    steps.push(
      `If the Worker was deployed with ${classes.join(", ")}: append this to wrangler.toml. ` +
        `The next deployment deletes the objects and their data.\n\n${toml}`,
    );
  }
  const crons = blocks.flatMap((block) => /^crons = .*/m.exec(block)?.[0] ?? []);
  if (crons.length > 0 && !/^crons = /m.test(after)) {
    steps.push(
      `If the Worker was deployed with ${crons.join(", ")}: deploy once with these lines in wrangler.toml. ` +
        "Without them a deployment keeps the cron.\n\n[triggers]\ncrons = []",
    );
  }
  return steps;
}

/** The `[[migrations]]` tables of a TOML text, each as written. */
function migrationsOf(toml: string): string[] {
  return [...toml.matchAll(/^\[\[migrations\]\]\n(?:(?![[#]).*\S.*(?:\n|$))*/gm)].map(([table]) => table.trim());
}

/**
 * The removed migrations that came after all that remain. Wrangler finds the last one by its tag in wrangler.toml.
 * Without it a deployment would apply every migration again.
 */
function migrationsAfterLast(before: string, after: string): string[] {
  const remaining = migrationsOf(after);
  const all = migrationsOf(before);
  return all.slice(all.findLastIndex((table) => remaining.includes(table)) + 1);
}

function createdClasses(migration: string): string[] {
  const list = /^new_(?:sqlite_)?classes = \[([^\]]*)\]/m.exec(migration)?.[1] ?? "";
  return [...list.matchAll(/"([^"]+)"/g)].flatMap(([, name]) => name ?? []);
}

function nextTag(toml: string): string {
  const numbers = [...toml.matchAll(/^tag = "v(\d+)"/gm)].map(([, number]) => Number(number));
  return `v${Math.max(0, ...numbers) + 1}`;
}
