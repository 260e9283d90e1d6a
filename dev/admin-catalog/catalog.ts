// `npm run catalog -- push FILE` and the like: the catalog's revisions, from the terminal. Exits with 0 when it is
// done, 1 when it was refused, 2 when it was not understood.

import { readFileSync } from "node:fs";
import { userInfo } from "node:os";
import { parseArgs } from "node:util";
// Installs the sections of the catalog that features add.
import "../../src/features.ts";
import { parseCatalog } from "../../src/core/catalog/parse.ts";
import type { Notices, Publication } from "./client.ts";
import { createClient, isLocal, Refused } from "./client.ts";
import { differences } from "./diff.ts";

const USAGE = `npm run catalog -- COMMAND [--json]

  check FILE              whether a document is a catalog; asks no server
  push FILE               stores it as a revision and activates it, which ends a canary (--inactive: only stores it)
  list                    what is active, and what was published
  show REV                the document of a revision
  diff REV REV            what the second changes
  activate REV            gives a revision to everybody; ends a canary
  canary REV PERCENT      gives it to a share of the users; 0 ends that
  rollback                ends a canary; where none runs, gives everybody what was active before (twice: and back)
  notices                 models that end, are missing, or whose end nobody announced (--refresh: asks the providers now)

REV is a revision, or one of: active, previous, canary, bundled.
--url URL                 another Weir than http://127.0.0.1:8787; its ADMIN_TOKEN in WEIR_ADMIN_TOKEN
--expected REVISION       nothing is changed unless this is active
--note TEXT, --author TEXT   kept in the history
`;

class Misunderstood extends Error {}

const OPTIONS = {
  url: { type: "string", default: "http://127.0.0.1:8787" },
  json: { type: "boolean", default: false },
  inactive: { type: "boolean", default: false },
  refresh: { type: "boolean", default: false },
  expected: { type: "string" },
  note: { type: "string" },
  author: { type: "string", default: userInfo().username },
  help: { type: "boolean", default: false },
} as const;

/** What a command found: the server's answer, and the same in words. */
interface Outcome {
  answer: unknown;
  words: string;
}

async function run(): Promise<void> {
  const { values, positionals } = understand();
  const [command = "help", ...operands] = positionals;
  if (values.help || command === "help") return console.log(USAGE);
  const { url, expected, note, author } = values;
  const intent = { author, ...(expected ? { expected } : {}), ...(note ? { note } : {}) };
  const client = () => createClient(url);
  const read = (revision: string) => client()<unknown>("GET", `/${encodeURIComponent(revision)}`);
  const move = async (path: string, body: object): Promise<Outcome> => {
    const answer = await client()<Publication>("POST", path, { ...body, ...intent });
    return { answer, words: describe(answer, url) };
  };

  const commands: Record<string, () => Promise<Outcome> | Outcome> = {
    check() {
      const [file] = take(operands, "FILE");
      const result = parseCatalog(readJson(file));
      if (!result.ok) throw new Refused(`${file} has ${result.faults.length} fault(s):\n${result.faults.join("\n")}`);
      return { answer: { ok: true }, words: `${file} is a catalog.` };
    },
    async push() {
      const [file] = take(operands, "FILE");
      const query = new URLSearchParams({ ...intent, activate: String(!values.inactive) }).toString();
      const answer = await client()<Publication>("PUT", `?${query}`, readJson(file));
      return { answer, words: `stored    ${answer.revision}\n${describe(answer, url)}` };
    },
    async list() {
      take(operands);
      const answer = await client()<Publication>("GET");
      return { answer, words: [describe(answer, url), "", ...answer.history.map(toLine)].join("\n") };
    },
    async show() {
      const answer = await read(...take(operands, "REV"));
      return { answer, words: JSON.stringify(answer, null, 2) };
    },
    async diff() {
      const [before, after] = await Promise.all(take(operands, "REV", "REV").map(read));
      const answer = differences(before, after);
      const lines = answer.map(({ path, before, after }) => `${path}: ${toText(before)} → ${toText(after)}`);
      return { answer, words: lines.join("\n") || "no difference" };
    },
    activate() {
      const [revision] = take(operands, "REV");
      return move("/activate", { revision });
    },
    canary() {
      const [revision, percent] = take(operands, "REV", "PERCENT");
      if (!/^\d+(\.\d+)?$/.test(percent)) throw new Misunderstood("PERCENT is a number from 0 to 100.");
      return move("/canary", { revision, percent: Number(percent) });
    },
    rollback() {
      take(operands);
      return move("/rollback", {});
    },
    async notices() {
      take(operands);
      const answer = await client()<Notices>(values.refresh ? "POST" : "GET", "/notices");
      return { answer, words: toReport(answer) };
    },
  };
  const execute = Object.hasOwn(commands, command) ? commands[command] : undefined;
  if (!execute) throw new Misunderstood(`There is no command '${command}'.`);
  const { answer, words } = await execute();
  console.log(values.json ? JSON.stringify(answer, null, 2) : words);
}

function understand() {
  try {
    return parseArgs({ allowPositionals: true, options: OPTIONS });
  } catch (error) {
    throw new Misunderstood((error as Error).message);
  }
}

/** The operands of a command, which must be as many as it has names for them. */
function take<const Names extends string[]>(operands: string[], ...names: Names): { [Index in keyof Names]: string } {
  if (operands.length === names.length) return operands as { [Index in keyof Names]: string };
  throw new Misunderstood(`This command takes ${names.join(" ") || "nothing"}.`);
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new Refused(`${file} cannot be read: ${(error as Error).message}`);
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
  if (!checked_at) return "nobody has looked yet: --refresh does it now";
  const lines = notices.map(({ kind, message }) => `${kind.padEnd(12)}${message}`);
  return [`looked at ${checked_at}`, ...(lines.length > 0 ? lines : ["nothing to report"])].join("\n");
}

const toText = (value: unknown) => (value === undefined ? "(nothing)" : JSON.stringify(value));

try {
  await run();
} catch (error) {
  if (!(error instanceof Refused || error instanceof Misunderstood)) throw error;
  const hint = error instanceof Misunderstood ? "\nnpm run catalog -- --help shows all commands." : "";
  console.error(error.message + hint);
  if (process.argv.includes("--json")) console.log(JSON.stringify({ error: error.message }, null, 2));
  process.exitCode = error instanceof Refused ? 1 : 2;
}
