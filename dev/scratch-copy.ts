// A copy of the repository in a temporary folder, to run commands on that change files.

import type { SpawnSyncReturns } from "node:child_process";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { listFiles, toFile } from "./repository.ts";

export interface ScratchCopy {
  folder: string;
  /** Runs a program in the folder. Its status is not 0 when it failed. */
  run(program: string, ...words: string[]): SpawnSyncReturns<string>;
  /** Undoes every change of files. */
  restore(): void;
  delete(): void;
}

/**
 * Copies what git tracks or would track, commits it in a git repository of its own, and links node_modules. Throws when git
 * fails.
 */
export function createScratchCopy(): ScratchCopy {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "weir-")));
  for (const path of listFiles(".")) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    cpSync(toFile(path), join(folder, path));
  }
  symlinkSync(realpathSync(toFile("node_modules")), join(folder, "node_modules"));

  const run = (program: string, ...words: string[]) =>
    spawnSync(program, words, { cwd: folder, encoding: "utf8", maxBuffer: 2 ** 28 });
  const git = (...words: string[]) => {
    const { status, stderr, error } = run("git", ...words);
    if (status !== 0) throw new Error(`git ${words.join(" ")} failed: ${error?.message ?? stderr}`);
  };
  const settings = ["user.name=copy", "user.email=copy@example.com", "commit.gpgsign=false"];
  git("init", "--quiet");
  git("add", "--all");
  git(...settings.flatMap((setting) => ["-c", setting]), "commit", "--quiet", "--no-verify", "--message", "copy");

  return {
    folder,
    run,
    restore() {
      git("reset", "--quiet", "--hard");
      git("clean", "--quiet", "-d", "--force");
    },
    delete: () => rmSync(folder, { recursive: true }),
  };
}
