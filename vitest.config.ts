// Three levels: pure logic in Node, what touches a binding in workerd, the built Worker over real sockets.

import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { workerOptions } from "./test/support/worker-options.ts";

// The tests start many processes of Node.js. A cache halves the time that each needs to compile its modules.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL("node_modules/.cache/compile", import.meta.url).href);

export default defineConfig({
  test: {
    // What passed has nothing to say: the Workers log every request.
    silent: "passed-only",
    // The tests wait for sockets and timers more than for the processor.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/**/unit/**/*.test.ts"],
          setupFiles: ["test/support/read-at-least.ts"],
          isolate: false,
          testTimeout: 20_000,
        },
      },
      {
        plugins: [cloudflareTest(workerOptions)],
        // One workerd for all files, since starting one for each would take longer than the tests.
        test: {
          name: "worker",
          include: ["test/**/worker/**/*.test.ts"],
          setupFiles: ["test/support/mid-month.ts"],
          isolate: false,
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/**/e2e/**/*.test.ts"],
          isolate: false,
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
