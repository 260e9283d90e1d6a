// The configuration that development runs: wrangler.toml, the variables of .dev.vars and, without a key for the real
// provider, a service binding to the emulated one. Written to files that git ignores; wrangler.toml knows none of it.

import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { unstable_readConfig } from "wrangler";
import { devVars } from "./secrets.ts";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url).href);

/** What to watch: a change of one of these makes the configuration stale. */
export const SOURCES = [path("../wrangler.toml"), path("../.dev.vars")];

/** The name in dev/wrangler.toml. */
const EMULATED_PROVIDER = "emulated-provider";
/** The emulation takes any key. */
const EMULATED_KEY = "emulated-key";

/** Whose tokens dev/token.ts makes: believed in development, whoever else is. */
const WEIR = { issuer: "weir", audience: "weir" };

/**
 * Writes the configuration and returns the config files to run, Weir's first. `emulate` ignores a real provider's key.
 */
export function writeDevConfig(emulate = false): { files: string[]; emulated: boolean } {
  const { OPENAI_API_KEY: key, OPENAI_BASE_URL: baseUrl, ...vars } = devVars();
  const emulated = emulate || (!key && !baseUrl);
  const real = { OPENAI_API_KEY: key ?? "none", ...(baseUrl ? { OPENAI_BASE_URL: baseUrl } : {}) };
  const secrets = { ...vars, ...(emulated ? { OPENAI_API_KEY: EMULATED_KEY } : real) };
  // Without `secrets`, which would hide every variable of .dev.vars that it does not list.
  const { secrets: _, unsafe: __, ...config } = unstable_readConfig({ config: path("../wrangler.toml") });
  const upstream = { binding: "UPSTREAM", service: EMULATED_PROVIDER };
  const services = emulated ? [...(config.services ?? []), upstream] : config.services;

  const issuers = [
    ...(config.vars.AUTH_ISSUERS as { issuer: string }[]).filter(({ issuer }) => issuer !== "weir"),
    WEIR,
  ];

  const folder = path(emulate ? "../.wrangler/emulated" : "../.wrangler/dev");
  mkdirSync(folder, { recursive: true });
  write(
    `${folder}/wrangler.json`,
    JSON.stringify({ ...config, minify: false, services, vars: { ...config.vars, AUTH_ISSUERS: issuers } }, null, 2),
  );
  const lines = Object.entries(secrets).map(([name, value]) => `${name}=${JSON.stringify(value)}\n`);
  write(`${folder}/.dev.vars`, lines.join(""));
  const files = [`${folder}/wrangler.json`];
  return { files: emulated ? [...files, path("wrangler.toml")] : files, emulated };
}

/** Replaces a file in one step, and only when it changes: another process may be reading it, or watching. */
function write(file: string, text: string): void {
  if (existsSync(file) && readFileSync(file, "utf8") === text) return;
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, text, { mode: 0o600 });
  renameSync(draft, file);
}
