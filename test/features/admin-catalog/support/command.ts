// Runs `npm run catalog` against a local Weir, with the token of .dev.vars.

import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Ran {
  code: number;
  output: string;
  errors: string;
}

/** The command for the Weir at `url`, and a folder for its documents. */
export function createCommand(url: string) {
  const folder = mkdtempSync(join(tmpdir(), "weir-catalog-"));
  const { WEIR_ADMIN_TOKEN: _, ...env } = process.env;

  /** Runs the command, and returns its exit code and output. */
  const run = (...words: string[]) =>
    new Promise<Ran>((resolve) => {
      execFile(
        process.execPath,
        ["dev/admin-catalog/catalog.ts", ...words],
        { env: { ...env, WEIR_URL: url } },
        (error, output, errors) => resolve({ code: error ? Number(error.code) : 0, output, errors }),
      );
    });

  /** Runs the command and returns its JSON. Throws when it fails. */
  const ask = async <Answer>(...words: string[]): Promise<Answer> => {
    const { code, output, errors } = await run(...words, "--json");
    if (code !== 0) throw new Error(`${words.join(" ")}: ${code}: ${errors}`);
    return JSON.parse(output) as Answer;
  };

  /** Writes a document and returns its path. */
  const write = (name: string, document: unknown): string => {
    const file = join(folder, name);
    writeFileSync(file, typeof document === "string" ? document : JSON.stringify(document));
    return file;
  };
  return { run, ask, write, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
