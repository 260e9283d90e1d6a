// Runs `npm run catalog` against a local Weir, with the token of .dev.vars.

import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CommandResult } from "../../../../dev/admin-catalog/command.ts";
import { runCatalogCommand } from "../../../../dev/admin-catalog/command.ts";

/** The command for the Weir at `url`, and a folder for its documents. */
export function createCommand(url: string) {
  const folder = mkdtempSync(join(tmpdir(), "weir-catalog-"));

  /** Runs the command in this process, which is faster than starting one. */
  const run = (...words: string[]) => runCatalogCommand(["--url", url, ...words]);

  /** Runs the command as a program. */
  const runProgram = (...words: string[]) =>
    new Promise<Omit<CommandResult, "code"> & { code: number }>((resolve) => {
      execFile(
        process.execPath,
        ["dev/admin-catalog/catalog.ts", ...words],
        { env: { ...process.env, WEIR_URL: url } },
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
  return { run, runProgram, ask, write, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
