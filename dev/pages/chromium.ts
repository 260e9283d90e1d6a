// Finds a Chromium on this machine, for the browser tests and the screenshots.

import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];

/** Flags without which Chromium does not start as root, or in a container with little shared memory. */
export const CHROMIUM_FLAGS = ["--no-sandbox", "--disable-dev-shm-usage"];

/** Returns the path in CHROMIUM, or else of an installed Chromium or Chrome. Throws an Error that says what to do. */
export function findChromium(): string {
  const { CHROMIUM: chosen, PATH = "" } = process.env;
  if (chosen) {
    if (isProgram(chosen)) return chosen;
    throw new Error(`CHROMIUM is '${chosen}', which is no program. Set it to the path of a Chromium or Chrome.`);
  }
  const folders = ["/usr/bin", ...PATH.split(delimiter)];
  const found = NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find(isProgram);
  if (found !== undefined) return found;
  throw new Error(
    "There is no Chromium on this machine. Install one (Debian: apt-get install chromium), or set CHROMIUM to its path.",
  );
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
