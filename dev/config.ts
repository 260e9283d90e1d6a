// The configuration that development runs: wrangler.toml, the variables of .dev.vars and, without a key for the real
// provider, a service binding to the emulated one. Written to a file that git ignores; wrangler.toml knows none of it.

import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { unstable_readConfig } from "wrangler";
import { devVars } from "./secrets.ts";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

/** What to watch: a change of one of these makes the configuration stale. */
export const SOURCES = [path("../wrangler.toml"), path("../.dev.vars")];

/** The name and key in dev/wrangler.toml. */
const EMULATED_PROVIDER = "emulated-provider";
const EMULATED_KEY = "emulated-key";

/** Writes the configuration and returns the config files to run, Weir's first. */
export function writeDevConfig(): { files: string[]; emulated: boolean } {
  const vars = devVars();
  const emulated = !vars.OPENAI_API_KEY && !vars.OPENAI_BASE_URL;
  // Without `secrets`, which would hide every variable of .dev.vars that it does not list.
  const { secrets: _, unsafe: __, ...config } = unstable_readConfig({ config: path("../wrangler.toml") });
  const upstream = { binding: "UPSTREAM", service: EMULATED_PROVIDER };
  const services = emulated ? [...(config.services ?? []), upstream] : config.services;
  const secrets = { OPENAI_API_KEY: emulated ? EMULATED_KEY : "none", ...vars };

  const folder = path("../.wrangler/dev");
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/wrangler.json`, JSON.stringify({ ...config, minify: false, services }, null, 2));
  const lines = Object.entries(secrets).map(([name, value]) => `${name}=${JSON.stringify(value)}\n`);
  writeFileSync(`${folder}/.dev.vars`, lines.join(""), { mode: 0o600 });
  const files = [`${folder}/wrangler.json`];
  return { files: emulated ? [...files, path("wrangler.toml")] : files, emulated };
}
