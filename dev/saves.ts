// Watches files for every kind of save: in place, after truncation, by renaming, or through a link.

import { unwatchFile, watchFile } from "node:fs";

const POLL_MS = 200;
/** A save with several steps has ended when the files have not changed for this time. */
const QUIET_MS = 150;

/**
 * Calls `saved` after each save of one of the paths, until the returned function is called. A file may be missing, and
 * a folder changes when one of its names does.
 */
export function watchSaves(paths: string[], saved: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  const touched = () => {
    clearTimeout(timer);
    timer = setTimeout(saved, QUIET_MS);
  };
  // Polling follows the path. A native watch follows the file, which a rename replaces.
  for (const path of paths) watchFile(path, { interval: POLL_MS }, touched);
  return () => {
    clearTimeout(timer);
    for (const path of paths) unwatchFile(path, touched);
  };
}
