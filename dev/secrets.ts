// The development secrets: .dev.vars, with random values generated for missing ones.

import { randomBytes } from "node:crypto";
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parse } from "dotenv";

export const DEV_VARS = fileURLToPath(new URL("../.dev.vars", import.meta.url).href);

const REQUIRED = ["AUTH_SECRET", "QUOTA_PEPPER", "ADMIN_TOKEN"];

/** The text of .dev.vars, and its variables as wrangler reads them: wrangler uses the same parser. */
export interface DevVars {
  text: string;
  vars: Record<string, string>;
}

/** Returns the variables of .dev.vars. Required secrets that are missing are generated and appended to the file. */
export function devVars(): Record<string, string> {
  const { text, vars } = parseDevVars();
  const missing = REQUIRED.filter((name) => !vars[name]);
  if (missing.length === 0) return vars;
  const lines = missing.map((name) => `${name}=${randomBytes(32).toString("base64url")}\n`);
  // Without a blank line, the parser could read a new line as the value of an unfinished last line.
  const separator = text === "" ? "" : text.endsWith("\n") ? "\n" : "\n\n";
  appendFileSync(DEV_VARS, separator + lines.join(""), { mode: 0o600 });
  return parseDevVars().vars;
}

/** Returns .dev.vars as it is, and never writes it: an editor may be saving it. Throws when a secret is missing. */
export function readDevVars(): DevVars {
  const file = parseDevVars();
  const missing = REQUIRED.filter((name) => !file.vars[name]);
  if (missing.length === 0) return file;
  throw new Error(
    `.dev.vars has no ${missing.join(", ")}. Set it, or end npm run dev and start it again to generate it.`,
  );
}

function parseDevVars(): DevVars {
  const text = existsSync(DEV_VARS) ? readFileSync(DEV_VARS, "utf8") : "";
  return { text, vars: parseVars(text) };
}

/** Parses a .dev.vars file, as wrangler does. */
export const parseVars = (text: string): Record<string, string> => parse(text);
