// `npm run test:media`: audio files that ffmpeg makes. `npm test` does not include them, so that it needs no ffmpeg.

import { resolve } from "node:path";
import { defineConfig } from "vitest/config";
import { hasFfmpeg } from "./ffmpeg.ts";

if (!hasFfmpeg()) {
  console.error("Skipped: there is no ffmpeg on this machine. Install it (Debian: apt-get install ffmpeg).");
  process.exit(0);
}

export default defineConfig({
  root: resolve(import.meta.dirname, "../../../.."),
  test: {
    include: ["test/features/transcription/media/*.test.ts"],
    silent: "passed-only",
    maxConcurrency: 3,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
