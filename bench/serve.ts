// Built Workers under plain `workerd serve`, one process each, without wrangler and Miniflare.

import type { ChildProcess, StdioOptions } from "node:child_process";
import { execFileSync, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire, stripTypeScriptTypes } from "node:module";
import { connect, createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { unstable_readConfig } from "wrangler";

export interface Served {
  url: string;
  pid: number;
  stop: () => void;
  /** Kills the process (SIGKILL) and resolves when it has ended. */
  kill: () => Promise<void>;
}

export interface WorkerConfig {
  /** The path of the Worker's built module. */
  entry: string;
  /** A path that answers 200. */
  health: string;
  /** Text bindings, and JSON bindings below. */
  vars?: Record<string, string>;
  json?: Record<string, unknown>;
  /** SQLite Durable Object classes by binding. */
  objects?: Record<string, string>;
  /** The module that implements a KV namespace, with its own text bindings. */
  kv?: { binding: string; entry: string; vars: Record<string, string> };
  /** Flags of the JavaScript engine, such as a limit of the heap. */
  v8Flags?: string[];
  /** The folder of the objects' storage, which the process continues with. Without it, the process starts with none. */
  storage?: string;
  /** The file that gets the log. Without it, errors and warnings are printed. */
  log?: string;
}

// The workerd version that wrangler depends on.
const { default: workerd } = createRequire(import.meta.resolve("miniflare"))("workerd") as { default: string };
const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url).href);
const FOLDER = path("../.wrangler/bench");

const weirSettings = unstable_readConfig({ config: path("../wrangler.toml") });
// All Workers get Weir's compatibility settings, so that the comparison is fair.
const { compatibility_date: date, compatibility_flags: flags } = weirSettings;
/** Weir's Durable Object classes by binding. */
export const OBJECTS = Object.fromEntries(
  weirSettings.durable_objects.bindings.map(({ name, class_name }: { name: string; class_name: string }) => [
    name,
    class_name,
  ]),
);
const COMPATIBILITY = `compatibilityDate = ${JSON.stringify(date)}, compatibilityFlags = ${JSON.stringify(flags)}`;

/**
 * Bundles the Worker of a wrangler.toml into a single module and returns its path. `entry` replaces the entry in
 * bench/workers.
 */
export function build(name: string, config: string, entry?: string): string {
  const outdir = `${FOLDER}/${name}`;
  const script = entry === undefined ? [] : [path(`workers/${entry}.ts`)];
  execFileSync("wrangler", ["deploy", ...script, "--dry-run", "-c", config, "--outdir", outdir], { stdio: "pipe" });
  return `${outdir}/${entry ?? "index"}.js`;
}

/** Strips the types of bench/workers/`name`.ts, which must have no imports, and returns the module's path. */
export function stripTypes(name: string): string {
  const source = readFileSync(path(`workers/${name}.ts`), "utf8");
  mkdirSync(FOLDER, { recursive: true });
  const file = `${FOLDER}/${name}.js`;
  writeFileSync(file, stripTypeScriptTypes(source));
  return file;
}

const running = new Set<ChildProcess>();
process.on("exit", () => running.forEach((child) => child.kill()));

/**
 * Starts a Worker on a free port. `startMs`: the time until its first answer, to the health check or
 * to `ask`, which gets the URL.
 */
export async function serve(
  name: string,
  config: WorkerConfig,
  ask = (url: string) => requireOk(url + config.health),
): Promise<Served & { startMs: number }> {
  const port = await freePort();
  const storage = config.storage ?? `${FOLDER}/${name}-storage`;
  if (config.storage === undefined) rmSync(storage, { recursive: true, force: true });
  mkdirSync(storage, { recursive: true });
  const file = `${FOLDER}/${name}.capnp`;
  writeFileSync(file, toCapnp(config, port, storage));
  const startedAt = performance.now();
  const log = config.log === undefined ? undefined : openSync(config.log, "a");
  const stdio: StdioOptions = log === undefined ? ["ignore", "ignore", "inherit"] : ["ignore", log, log];
  const child = spawn(workerd, ["serve", "--experimental", file], { stdio });
  if (log !== undefined) closeSync(log);
  running.add(child);
  const url = `http://127.0.0.1:${port}`;
  await waitUntilListening(port, child);
  await ask(url);
  const { pid } = child;
  if (pid === undefined) throw new Error(`${name} did not start`);
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const kill = () => {
    child.kill("SIGKILL");
    return ended;
  };
  return { url, pid, startMs: performance.now() - startedAt, stop: (): void => void child.kill(), kill };
}

function toCapnp(
  { entry, vars = {}, json = {}, objects = {}, kv, v8Flags = [] }: WorkerConfig,
  port: number,
  storage: string,
): string {
  const bindings = [
    ...Object.entries(vars).map(([name, value]) => `(name = "${name}", text = ${text(value)})`),
    ...Object.entries(json).map(([name, value]) => `(name = "${name}", json = ${text(JSON.stringify(value))})`),
    ...Object.entries(objects).map(([name, type]) => `(name = "${name}", durableObjectNamespace = "${type}")`),
    ...(kv ? [`(name = "${kv.binding}", kvNamespace = "kv")`] : []),
  ];
  const classes = Object.values(objects).map(
    (type) => `(className = "${type}", uniqueKey = "${type}", enableSql = true)`,
  );
  const kvBindings = Object.entries(kv?.vars ?? {}).map(([name, value]) => `(name = "${name}", text = ${text(value)})`);
  const services = [
    `(name = "main", worker = .main)`,
    `(name = "internet", network = (allow = ["public", "private"]))`,
    `(name = "storage", disk = (path = "${storage}", writable = true))`,
    ...(kv ? [`(name = "kv", worker = .kv)`] : []),
  ];
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [${services.join(", ")}],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
  v8Flags = ${JSON.stringify(v8Flags)},
);
const main :Workerd.Worker = (
  modules = [(name = "main.js", esModule = embed "${entry.replace(`${FOLDER}/`, "")}")],
  ${COMPATIBILITY},
  bindings = [${bindings.join(", ")}],
  durableObjectNamespaces = [${classes.join(", ")}],
  durableObjectStorage = (localDisk = "storage"),
);
${kv ? `const kv :Workerd.Worker = (modules = [(name = "kv.js", esModule = embed "${kv.entry.replace(`${FOLDER}/`, "")}")], ${COMPATIBILITY}, bindings = [${kvBindings.join(", ")}]);` : ""}
`;
}

const text = (value: string) => JSON.stringify(value);

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}

async function waitUntilListening(port: number, child: ChildProcess): Promise<void> {
  while (child.exitCode === null) {
    if (await isListening(port)) return;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  throw new Error("workerd did not start");
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}

async function requireOk(url: string): Promise<void> {
  const answer = await fetch(url);
  await answer.arrayBuffer();
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
}
