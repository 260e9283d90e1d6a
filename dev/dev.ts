// `npm run dev`: Weir on http://127.0.0.1:8787 with reload on change.
// It runs with the emulated provider, unless .dev.vars has a real provider's key or URL.

import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { watch } from "node:fs";
import { createServer } from "node:net";
import { basename, dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { SOURCES, writeDevConfig } from "./config.ts";
import { createToken } from "./token.ts";
import { parseCommandLine } from "./command-line.ts";
import { loadFeatures } from "./features-command/manifest.ts";

const { port, ip } = parseCommandLine("npm run dev -- [--port 8787] [--ip 127.0.0.1]", () => {
  const { values } = parseArgs({
    options: {
      port: { type: "string", default: "8787" },
      ip: { type: "string", default: "127.0.0.1" },
      help: { type: "boolean" },
    },
  });
  if (!/^\d+$/.test(values.port) || Number(values.port) < 1 || Number(values.port) > 65_535)
    throw new Error("not a port");
  return values;
});
const url = `http://${ip === "0.0.0.0" ? "127.0.0.1" : ip}:${port}`;

if (await isTaken()) {
  console.error(`Port ${port} is in use. Stop the process that listens there, or use: npm run dev -- --port 8790`);
  process.exit(1);
}
let emulated = false;
let restarting = false;
let wrangler = start();
// Folders are watched, because many editors save by replacing the file.
for (const file of SOURCES) {
  watch(dirname(file), (_, name) => name === basename(file) && (name === ".dev.vars" ? restart() : writeDevConfig()));
}
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => wrangler.kill(signal));

await ready();
const provider = emulated
  ? "the emulated provider (put OPENAI_API_KEY into .dev.vars for a real one)"
  : "the provider of .dev.vars";
console.log(`
Weir is ready, with ${provider}. Try:

  ${await sampleRequest()}
`);

/** A command that works with the features of this fork. */
async function sampleRequest(): Promise<string> {
  const names = (await loadFeatures()).map(({ name }) => name);
  if (!names.includes("slim-chat")) return `curl ${url}/healthz`;
  return `curl -N ${url}/chat -H 'authorization: Bearer ${await createToken("dev")}' -d '{"input":"Hi"}'`;
}

function start(): ChildProcess {
  const config = writeDevConfig();
  emulated = config.emulated;
  const cli = fileURLToPath(new URL("../bin/wrangler.js", import.meta.resolve("wrangler")).href);
  const flags = ["--ip", ip, "--port", port, "--persist-to", ".wrangler/state"];
  const child = spawn(process.execPath, [cli, "dev", ...config.files.flatMap((file) => ["-c", file]), ...flags], {
    stdio: "inherit",
    env: { ...process.env, WRANGLER_SEND_METRICS: "false", CLOUDFLARE_CF_FETCH_ENABLED: "false" },
  });
  child.once("exit", (code) => {
    if (!restarting) process.exit(code ?? 0);
    restarting = false;
    wrangler = start();
  });
  return child;
}

/** Another provider needs another set of Workers, which wrangler cannot reload. */
function restart(): void {
  if (restarting) return;
  restarting = true;
  wrangler.kill("SIGTERM");
}

function isTaken(): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(true));
    probe.listen(Number(port), ip, () => probe.close(() => resolve(false)));
  });
}

/** Waits until Weir responds. If wrangler cannot start, its exit ends this process. */
async function ready(): Promise<void> {
  for (;;) {
    const answer = await fetch(`${url}/healthz`).catch(() => undefined);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
