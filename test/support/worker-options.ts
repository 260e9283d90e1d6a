// Options of the worker tests: wrangler.toml unchanged, test secrets, the emulated provider instead of the network.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { cloudflareTest } from "@cloudflare/vitest-plugin";
import { PROVIDER_DAY } from "./catalog.ts";
import { ISSUERS } from "./issuers.ts";

type Options = Exclude<Parameters<typeof cloudflareTest>[0], (...args: never[]) => unknown>;

const FOLDER = resolve(".wrangler/test/provider");

let provider: string | undefined;

/** The emulated provider as one module, built once for all test files. */
function providerModule(): string {
  if (provider === undefined) {
    execFileSync("wrangler", ["deploy", "--dry-run", "-c", "dev/wrangler.toml", "--outdir", FOLDER], { stdio: "pipe" });
    provider = readFileSync(`${FOLDER}/index.js`, "utf8");
  }
  return provider;
}

/** Binds the emulated provider as UPSTREAM; any other request to the outside reaches key-server.mjs. */
export function workerOptions(): Options {
  return {
    wrangler: { configPath: "./wrangler.toml" },
    // Otherwise workerd logs every exception that a test provokes, such as a cut connection.
    verbose: false,
    miniflare: {
      bindings: {
        AUTH_ISSUERS: ISSUERS,
        // Values of wrangler.toml or .dev.vars would change the headers of every response.
        ALLOWED_ORIGINS: "",
        OPENAI_BASE_URL: "",
        OPENAI_API_KEY: "emulated-key",
        AUTH_SECRET: "test-secret-test-secret-test-secret",
        QUOTA_PEPPER: "test-pepper",
        ADMIN_TOKEN: "test-admin-token",
      },
      serviceBindings: { UPSTREAM: "emulated-provider" },
      outboundService: "key-server",
      workers: [
        {
          name: "emulated-provider",
          modules: [{ type: "ESModule", path: "index.js", contents: providerModule() }],
          compatibilityDate: "2026-10-01",
          compatibilityFlags: ["enable_request_signal"],
          bindings: { NOW: PROVIDER_DAY },
        },
        {
          name: "key-server",
          modules: [
            { type: "ESModule", path: "key-server.mjs", contents: readFileSync("test/support/key-server.mjs", "utf8") },
          ],
          compatibilityDate: "2026-10-01",
        },
      ],
    },
  };
}
