// Watches files for saves, however an editor saves: in place, by truncating first, by renaming, or through a link.

import { watchFile } from "node:fs";

const POLL_MS = 200;
/** A save of several steps is over when the files have not changed for this time. */
const QUIET_MS = 150;

/** Calls `saved` after each save of one of the files. A file may be missing. */
export function watchSaves(files: string[], saved: () => void): void {
  let timer: NodeJS.Timeout | undefined;
  for (const file of files) {
    // Polling the path follows what stands there. A native watch follows the file that a rename has replaced.
    watchFile(file, { interval: POLL_MS }, () => {
      clearTimeout(timer);
      timer = setTimeout(saved, QUIET_MS);
    });
  }
}
