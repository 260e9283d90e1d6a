// The development configuration, generated from wrangler.toml and .dev.vars into files that git ignores.
// Without a provider's key or URL in .dev.vars, it binds the emulated provider as a service.

import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { unstable_readConfig } from "wrangler";
import { devVars } from "./secrets.ts";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url).href);

/** The source files of the configuration. A change of one requires `writeDevConfig` again. */
export const SOURCES = [path("../wrangler.toml"), path("../.dev.vars")];

/** The name in dev/wrangler.toml. */
const EMULATED_PROVIDER = "emulated-provider";
/** The emulated provider accepts any key. */
const EMULATED_KEY = "emulated-key";

/** The issuer of the tokens from dev/token.ts, which development always trusts. */
const WEIR = { issuer: "weir", audience: "weir" };

/**
 * Writes the configuration and returns the paths of the config files for wrangler, Weir's first. `emulate` selects the
 * emulated provider even when .dev.vars has a real provider.
 */
export function writeDevConfig(emulate = false): { files: string[]; emulated: boolean } {
  const { OPENAI_API_KEY: key, OPENAI_BASE_URL: baseUrl, ...vars } = devVars();
  const emulated = emulate || (!key && !baseUrl);
  const real = { OPENAI_API_KEY: key ?? "none", ...(baseUrl ? { OPENAI_BASE_URL: baseUrl } : {}) };
  const secrets = { ...vars, ...(emulated ? { OPENAI_API_KEY: EMULATED_KEY } : real) };
  // `secrets` is removed, because wrangler would ignore every variable of .dev.vars that it does not list.
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

/** Replaces a file atomically, and only when its content changes: another process may be reading or watching it. */
function write(file: string, text: string): void {
  if (existsSync(file) && readFileSync(file, "utf8") === text) return;
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, text, { mode: 0o600 });
  renameSync(draft, file);
}
