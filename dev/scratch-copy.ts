// A copy of the repository in a temporary folder, for commands that change files.

import { execFile, execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { listFiles, toFile } from "./repository.ts";

export interface ScratchCopy {
  folder: string;
  /** Runs a program in the folder. Does not reject when the program fails. */
  run(program: string, ...words: string[]): Promise<{ ok: boolean; stdout: string; stderr: string }>;
  /** Undoes every change of files. */
  restore(): void;
  delete(): void;
}

/**
 * Copies what git tracks or would track, commits it in a git repository of its own, and links node_modules. Throws when
 * git fails.
 */
export function createScratchCopy(): ScratchCopy {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "weir-")));
  for (const path of listFiles(".")) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    cpSync(toFile(path), join(folder, path));
  }
  symlinkSync(realpathSync(toFile("node_modules")), join(folder, "node_modules"));

  const git = (...words: string[]) =>
    execFileSync("git", words, { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
  const settings = ["user.name=copy", "user.email=copy@example.com", "commit.gpgsign=false"];
  git("init", "--quiet");
  git("add", "--all");
  git(...settings.flatMap((setting) => ["-c", setting]), "commit", "--quiet", "--no-verify", "--message", "copy");

  return {
    folder,
    run: (program, ...words) =>
      new Promise((resolve) => {
        execFile(program, words, { cwd: folder, maxBuffer: 2 ** 28 }, (error, stdout, stderr) =>
          resolve({ ok: error === null, stdout, stderr }),
        );
      }),
    restore() {
      git("reset", "--quiet", "--hard");
      git("clean", "--quiet", "-d", "--force");
    },
    delete: () => rmSync(folder, { recursive: true }),
  };
}
