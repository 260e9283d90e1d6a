// The development secrets: .dev.vars, with random values generated for missing ones.

import { randomBytes } from "node:crypto";
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseEnv } from "node:util";

const FILE = fileURLToPath(new URL("../.dev.vars", import.meta.url).href);

/** Returns the variables of .dev.vars. Required secrets that are missing are generated and appended to the file. */
export function devVars(): Record<string, string> {
  const present = existsSync(FILE) ? readFileSync(FILE, "utf8") : "";
  const vars = parseEnv(present) as Record<string, string>;
  const missing = ["AUTH_SECRET", "QUOTA_PEPPER", "ADMIN_TOKEN"].filter((name) => !vars[name]);
  if (missing.length === 0) return vars;
  const lines = missing.map((name) => `${name}=${randomBytes(32).toString("base64url")}\n`);
  const separator = present === "" || present.endsWith("\n") ? "" : "\n";
  appendFileSync(FILE, separator + lines.join(""), { mode: 0o600 });
  return { ...vars, ...parseEnv(lines.join("")) } as Record<string, string>;
}
