// Watches files for saves, however an editor saves: in place, by truncating first, by renaming, or through a link.

import { unwatchFile, watchFile } from "node:fs";

const POLL_MS = 200;
/** A save of several steps is over when the files have not changed for this time. */
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
  // Polling follows what stands at a path. A native watch stays with the file that a rename replaces.
  for (const path of paths) watchFile(path, { interval: POLL_MS }, touched);
  return () => {
    clearTimeout(timer);
    for (const path of paths) unwatchFile(path, touched);
  };
}
