// Files of this repository by their path from its root, and the programs that run there.

import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname } from "node:path";

const ROOT = dirname(import.meta.dirname);

export const toFile = (path: string): string => `${ROOT}/${path}`;
export const exists = (path: string): boolean => existsSync(toFile(path));
export const read = (path: string): string => readFileSync(toFile(path), "utf8");

/** Paths of the files that git tracks, or would track, in these folders. Deleted files are not listed. */
export function listFiles(...folders: string[]): string[] {
  const listed = git("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", ...folders);
  return [...new Set(listed.split("\0"))].filter((path) => path !== "" && exists(path)).toSorted();
}

/** The output of a git command. Throws when it fails, also when this is no git repository. */
export function git(...words: string[]): string {
  return execFileSync("git", words, {
    cwd: ROOT,
    encoding: "utf8",
    maxBuffer: 2 ** 26,
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** Runs a program of node_modules, and returns its output. Throws with everything that it printed when it fails. */
export function runTool(program: string, ...words: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(toFile(`node_modules/.bin/${program}`), words, {
    cwd: ROOT,
    encoding: "utf8",
    env: { ...process.env, WRANGLER_SEND_METRICS: "false", CLOUDFLARE_CF_FETCH_ENABLED: "false" },
  });
  if (status === 0) return stdout;
  throw new Error(`${program} ${words.join(" ")} failed: ${error?.message ?? ""}\n${stdout}\n${stderr}`.trim());
}
