// The commands of `npm run catalog`, without the terminal: words in, exit code and text out.

import { readFileSync } from "node:fs";
import { userInfo } from "node:os";
import { parseArgs } from "node:util";
// The features add their sections to the catalog schema.
import "../../src/features.ts";
import { faultOf, UsageError } from "../command-line.ts";
import { parseCatalog, warningsOf } from "../../src/core/catalog/parse.ts";
import type { Notices, Publication } from "./client.ts";
import { CommandFailed, createClient, isLocal } from "./client.ts";
import { differences } from "./diff.ts";

const USAGE = `npm run catalog -- COMMAND [--json]

  check FILE              validate a catalog file without a server
  push FILE               store a file as a revision and activate it, which ends a canary (--inactive: only store it)
  list                    show the active revision and the history
  show REV                print a revision's document
  diff REV REV            list the changes from the first revision to the second
  activate REV            serve a revision to all users, which ends a canary
  canary REV PERCENT      serve a revision to a share of the users; 0 ends the canary
  rollback                end the canary, or else activate the previous revision (a second rollback undoes the first)
  notices                 list model shutdowns and differences to the providers (--refresh: check the providers now)

REV is a revision, or one of: active, previous, canary, bundled.
--url URL                 the Weir to manage, by default WEIR_URL, or else http://127.0.0.1:8787
                          set WEIR_ADMIN_TOKEN to its ADMIN_TOKEN
--expected REVISION       refuse the change unless this revision is active
--note TEXT, --author TEXT   recorded in the history
--json                    print JSON instead of text
`;

const OPTIONS = {
  url: { type: "string", default: process.env.WEIR_URL || "http://127.0.0.1:8787" },
  json: { type: "boolean", default: false },
  inactive: { type: "boolean", default: false },
  refresh: { type: "boolean", default: false },
  expected: { type: "string" },
  note: { type: "string" },
  author: { type: "string", default: userName() },
  help: { type: "boolean", default: false },
} as const;

/** The result of a command: the server's JSON, and its text for the terminal. */
interface Outcome {
  answer: unknown;
  text: string;
}

/** The exit code of a command (0 success, 1 refused or failed, 2 usage error), and the text that it prints. */
export interface CommandResult {
  code: 0 | 1 | 2;
  output: string;
  errors: string;
}

/** Runs the command with these arguments. */
export async function runCatalogCommand(words: string[]): Promise<CommandResult> {
  try {
    return { code: 0, output: `${await execute(words)}\n`, errors: "" };
  } catch (error) {
    if (!(error instanceof CommandFailed || error instanceof UsageError)) throw error;
    const hint = error instanceof UsageError ? " npm run catalog -- --help shows all commands." : "";
    const output = words.includes("--json") ? `${JSON.stringify({ error: error.message }, null, 2)}\n` : "";
    return { code: error instanceof CommandFailed ? 1 : 2, output, errors: `${error.message}${hint}\n` };
  }
}

/** Returns the output. Throws CommandFailed or UsageError. */
async function execute(words: string[]): Promise<string> {
  const { values, positionals } = parseArguments(words);
  const [command = "help", ...operands] = positionals;
  if (values.help || command === "help") return USAGE;
  const { url, expected, note, author } = values;
  const intent = { author, ...(expected ? { expected } : {}), ...(note ? { note } : {}) };
  const client = () => createClient(url);
  const read = (revision: string) => client()<unknown>("GET", `/${encodeURIComponent(revision)}`);
  const move = async (path: string, body: object): Promise<Outcome> => {
    const answer = await client()<Publication>("POST", path, { ...body, ...intent });
    return { answer, text: describe(answer, url) };
  };

  const commands: Record<string, () => Promise<Outcome> | Outcome> = {
    check() {
      const [file] = take(operands, "FILE");
      const result = parseCatalog(readJson(file));
      if (!result.ok) {
        throw new CommandFailed(`${file} has ${result.faults.length} fault(s):\n${result.faults.join("\n")}`);
      }
      const warnings = warningsOf(result.catalog);
      const lines = [`${file} is a catalog.`, ...warnings.map((warning) => `warning: ${warning}`)];
      return { answer: { ok: true, warnings }, text: lines.join("\n") };
    },
    async push() {
      const [file] = take(operands, "FILE");
      const query = new URLSearchParams({ ...intent, activate: String(!values.inactive) }).toString();
      const answer = await client()<Publication>("PUT", `?${query}`, readJson(file));
      const warnings = (answer.warnings ?? []).map((warning) => `warning: ${warning}`);
      return { answer, text: [`stored    ${answer.revision}`, describe(answer, url), ...warnings].join("\n") };
    },
    async list() {
      take(operands);
      const answer = await client()<Publication>("GET");
      return { answer, text: [describe(answer, url), "", ...answer.history.map(toLine)].join("\n") };
    },
    async show() {
      const answer = await read(...take(operands, "REV"));
      return { answer, text: JSON.stringify(answer, null, 2) };
    },
    async diff() {
      const [before, after] = await Promise.all(take(operands, "REV", "REV").map(read));
      const answer = differences(before, after);
      const lines = answer.map(({ path, before, after }) => `${path}: ${toText(before)} → ${toText(after)}`);
      return { answer, text: lines.join("\n") || "no difference" };
    },
    activate() {
      const [revision] = take(operands, "REV");
      return move("/activate", { revision });
    },
    canary() {
      const [revision, percent] = take(operands, "REV", "PERCENT");
      if (!/^\d+(\.\d+)?$/.test(percent))
        throw new UsageError(`PERCENT must be a number from 0 to 100, not '${percent}'.`);
      return move("/canary", { revision, percent: Number(percent) });
    },
    rollback() {
      take(operands);
      return move("/rollback", {});
    },
    async notices() {
      take(operands);
      const answer = await client()<Notices>(values.refresh ? "POST" : "GET", "/notices");
      return { answer, text: toReport(answer) };
    },
  };
  const run = Object.hasOwn(commands, command) ? commands[command] : undefined;
  if (!run) throw new UsageError(`There is no command '${command}'.`);
  const { answer, text } = await run();
  return values.json ? JSON.stringify(answer, null, 2) : text;
}

/** Returns the name of this machine's user. A container can run as a user without a name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return "unknown";
  }
}

function parseArguments(args: string[]) {
  try {
    return parseArgs({ args, allowPositionals: true, options: OPTIONS });
  } catch (error) {
    throw new UsageError(faultOf(error));
  }
}

/** Returns a command's operands. Throws a UsageError unless there is one for each name. */
function take<const Names extends string[]>(operands: string[], ...names: Names): { [Index in keyof Names]: string } {
  if (operands.length === names.length) return operands as { [Index in keyof Names]: string };
  throw new UsageError(`This command takes ${names.join(" ") || "no arguments"}.`);
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new CommandFailed(`${file} cannot be read: ${(error as Error).message}`);
  }
}

function describe({ active, previous, canary, seen_everywhere_by: seen }: Publication, url: string): string {
  const lines = [`active    ${active}${seen && !isLocal(url) ? `, seen everywhere by ${seen}` : ""}`];
  if (previous) lines.push(`previous  ${previous}`);
  if (canary) lines.push(`canary    ${canary.revision} for ${canary.percent} % of the users`);
  return lines.join("\n");
}

function toLine({ at, kind, revision, percent, author, note }: Publication["history"][number]): string {
  const share = percent === undefined ? null : `${percent} %`;
  return [at.slice(0, 16).replace("T", " "), kind.padEnd(8), revision, share, author, note].filter(Boolean).join("  ");
}

function toReport({ checked_at, notices }: Notices): string {
  if (!checked_at) return "The models have not been checked yet. Run with --refresh to check them now.";
  const lines = notices.map(({ kind, message }) => `${kind.padEnd(12)}${message}`);
  return [`looked at ${checked_at}`, ...(lines.length > 0 ? lines : ["nothing to report"])].join("\n");
}

const toText = (value: unknown) => (value === undefined ? "(nothing)" : JSON.stringify(value));
