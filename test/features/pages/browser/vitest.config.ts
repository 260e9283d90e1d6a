// `npm run test:browser`: the pages in a real browser. `npm test` does not include them, so that it needs no browser.

import { resolve } from "node:path";
import { defineConfig } from "vitest/config";
import { findChromium } from "../../../../dev/pages/chromium.ts";

try {
  findChromium();
} catch (error) {
  console.error((error as Error).message);
  process.exit(1);
}

export default defineConfig({
  root: resolve(import.meta.dirname, "../../../.."),
  test: {
    include: ["test/features/pages/browser/*.test.ts"],
    silent: "passed-only",
    isolate: false,
    maxWorkers: 2,
    testTimeout: 40_000,
    hookTimeout: 60_000,
  },
});
