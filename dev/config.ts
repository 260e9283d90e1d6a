// The development configuration, generated from wrangler.toml and .dev.vars into files that git ignores.
// Without a provider's key or URL in .dev.vars, it binds the emulated provider as a service.

import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { unstable_readConfig } from "wrangler";
import { DEV_VARS, devVars, readDevVars } from "./secrets.ts";
import { developmentToken } from "./token.ts";

const path = (address: string) => fileURLToPath(new URL(address, import.meta.url).href);
const ROOT = path("..");

const WEIR_TOML = path("../wrangler.toml");
const PROVIDER_TOML = path("wrangler.toml");

/** The source files of the configuration. */
export const SOURCES = [WEIR_TOML, DEV_VARS, PROVIDER_TOML];

/** The name in dev/wrangler.toml. */
const EMULATED_PROVIDER = "emulated-provider";
/** The emulated provider accepts any key. */
const EMULATED_KEY = "emulated-key";

/** The issuer of the tokens from dev/token.ts, which development always trusts. */
const WEIR = { issuer: "weir", audience: "weir" };

/** A configuration in memory. */
export interface DevConfig {
  emulated: boolean;
  /** The config files for wrangler, Weir's first. */
  files: string[];
  /** The files to generate, by path. */
  generated: Record<string, string>;
  authSecret: string;
}

/**
 * Writes the configuration, with missing secrets generated. Throws when a source has a fault. `emulate` selects the
 * emulated provider even when .dev.vars has a real provider.
 */
export function writeDevConfig(emulate = false): DevConfig {
  devVars();
  const config = readDevConfig(emulate);
  writeGenerated(config);
  return config;
}

/** Reads the configuration and writes nothing. Throws an Error whose message names the source and its fault. */
export function readDevConfig(emulate = false): DevConfig {
  const { text, vars } = readDevVars();
  const { OPENAI_API_KEY: key, OPENAI_BASE_URL: baseUrl, AUTH_SECRET: authSecret = "" } = vars;
  const emulated = emulate || !namesProvider(vars);
  const changes = {
    DEVELOPMENT_TOKEN: developmentToken(authSecret, Date.now()),
    ...(emulated ? { OPENAI_API_KEY: EMULATED_KEY } : key ? {} : { OPENAI_API_KEY: "none" }),
    ...(emulated && baseUrl ? { OPENAI_BASE_URL: "" } : {}),
  };
  const config = readToml(WEIR_TOML);
  const upstream = { binding: "UPSTREAM", service: EMULATED_PROVIDER };
  const services = emulated ? [...(config.services ?? []), upstream] : config.services;

  const folder = path(emulate ? "../.wrangler/emulated" : "../.wrangler/dev");
  const [weir, provider] = [`${folder}/wrangler.json`, `${folder}/provider/wrangler.json`];
  return {
    emulated,
    files: emulated ? [weir, provider] : [weir],
    generated: {
      [weir]: toJson({ ...config, minify: false, services, vars: withWeir(config.vars) }),
      [`${folder}/.dev.vars`]: withVariables(text, changes),
      ...(emulated ? { [provider]: toJson(readToml(PROVIDER_TOML)) } : {}),
    },
    authSecret,
  };
}

/** Writes the generated files of a configuration. */
export function writeGenerated({ generated }: DevConfig): void {
  for (const [file, text] of Object.entries(generated)) {
    mkdirSync(dirname(file), { recursive: true });
    replace(file, text);
  }
}

/** Tests if .dev.vars has the key or the base URL of any provider. */
export const namesProvider = (vars: Record<string, string>): boolean =>
  Object.entries(vars).some(([name, value]) => /_(API_KEY|BASE_URL)$/.test(name) && value !== "");

const toJson = (config: object) => JSON.stringify(config, null, 2);

/**
 * Reads a wrangler.toml as wrangler does. Throws when wrangler could not start with it. Leaves `secrets` out, because
 * wrangler would ignore every variable of .dev.vars that it does not list.
 */
function readToml(file: string) {
  const name = relative(ROOT, file);
  try {
    const { secrets: _, unsafe: __, ...config } = unstable_readConfig({ config: file });
    const { assets } = config;
    // The generated file is in another folder.
    if (assets?.directory !== undefined) assets.directory = resolve(dirname(file), assets.directory);
    if (config.main !== undefined && existsSync(config.main)) return config;
  } catch (error) {
    const { message, location } = error as Error & { location?: { line: number } };
    throw new Error(`${name}${location ? `:${location.line}` : ""}: ${message.replaceAll(/\s*\n\s*/g, " ")}`, {
      cause: error,
    });
  }
  throw new Error(`${name}: \`main\` is not the path of a file.`);
}

/** Adds Weir's own issuer. A value that is not a list stays as it is, and GET /healthz reports it. */
function withWeir({ AUTH_ISSUERS: issuers, ...vars }: Record<string, unknown>): Record<string, unknown> {
  if (!Array.isArray(issuers)) return issuers === undefined ? vars : { ...vars, AUTH_ISSUERS: issuers };
  // An entry of its own stays as it is, so that its faults are found.
  const hasWeir = (issuers as { issuer?: unknown }[]).some((entry) => entry?.issuer === WEIR.issuer);
  return { ...vars, AUTH_ISSUERS: hasWeir ? issuers : [...(issuers as unknown[]), WEIR] };
}

/**
 * Appends variables to the text of .dev.vars, where the last value of a name counts. The new values must need no
 * quotes. The text is copied, because parsing and quoting its values again could change them.
 */
export function withVariables(text: string, changes: Record<string, string>): string {
  const lines = Object.entries(changes).map(([name, value]) => `${name}=${value}\n`);
  return `${text}\n\n${lines.join("")}`;
}

/** Replaces a file atomically, and only when its content changes: another process may be reading or watching it. */
function replace(file: string, text: string): void {
  if (existsSync(file) && readFileSync(file, "utf8") === text) return;
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, text, { mode: 0o600 });
  renameSync(draft, file);
}
