// ffmpeg for the tests: encodes audio files, and decodes them to measure their duration.

import { execFile, spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const FFMPEG = "ffmpeg";
const run = promisify(execFile);
const DECODED_RATE = 8000;

export function hasFfmpeg(): boolean {
  return spawnSync(FFMPEG, ["-version"]).status === 0;
}

/** A folder for the files, deleted by `await using`. */
export async function createFolder() {
  const path = await mkdtemp(join(tmpdir(), "weir-media-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

export interface Recording {
  seconds: number;
  rate: number;
  channels: number;
}

/** Makes a file of a voice-like sound. `options` stand before the name of the file. */
export async function encode(path: string, { seconds, rate, channels }: Recording, options: string): Promise<void> {
  const source = `aevalsrc=0.4*sin(300*t*(2+sin(5*t)))*abs(sin(3*t))+0.02*random(0):s=${rate}:d=${seconds}`;
  await run(FFMPEG, [
    "-v",
    "error",
    "-y",
    "-f",
    "lavfi",
    "-i",
    source,
    ...options.split(" "),
    "-ac",
    `${channels}`,
    path,
  ]);
}

/** Returns the seconds of sound that ffmpeg decodes, or 0 when it decodes none. */
export async function decodedSeconds(path: string): Promise<number> {
  const options = ["-map", "0:a:0", "-ac", "1", "-ar", `${DECODED_RATE}`, "-f", "s16le", "pipe:1"];
  try {
    const { stdout } = await run(FFMPEG, ["-v", "quiet", "-i", path, ...options], {
      encoding: "buffer",
      maxBuffer: 256 * 2 ** 20,
    });
    return stdout.length / 2 / DECODED_RATE;
  } catch {
    return 0;
  }
}
