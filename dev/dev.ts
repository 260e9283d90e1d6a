// `npm run dev`: Weir on http://127.0.0.1:8787 with reload on change.
// It runs with the emulated provider, unless .dev.vars has a real provider's key or URL.

import { readdirSync } from "node:fs";
import { isDeepStrictEqual, parseArgs } from "node:util";
import { parseCommandLine, UsageError } from "./command-line.ts";
import type { DevConfig } from "./config.ts";
import { readDevConfig, SOURCES, writeDevConfig, writeGenerated } from "./config.ts";
import { troubleOf } from "./health.ts";
import { loadFeatures } from "./features-command/manifest.ts";
import { listenFault, toUrl } from "./listening.ts";
import { toFile } from "./repository.ts";
import { watchSaves } from "./saves.ts";
import { signToken } from "./token.ts";
import type { WranglerProcess } from "./wrangler-process.ts";
import { startWrangler } from "./wrangler-process.ts";

const FLAGS = ["--persist-to", ".wrangler/state"];
const PARENT_POLL_MS = 500;

const { port, ip } = parseCommandLine("npm run dev -- [--port 8787] [--ip 127.0.0.1]", () => {
  const options = {
    port: { type: "string", default: "8787" },
    ip: { type: "string", default: "127.0.0.1" },
    help: { type: "boolean" },
  } as const;
  const { values } = parseArgs({ options });
  if (!/^\d+$/.test(values.port) || Number(values.port) < 1 || Number(values.port) > 65_535)
    throw new UsageError(`--port must be a number from 1 to 65535, not '${values.port}'.`);
  if (values.ip === "") throw new UsageError("--ip must not be empty.");
  return values;
});
const url = toUrl(ip, port);

const taken = await listenFault(ip, Number(port));
if (taken !== undefined) fail(taken);

let wrangler: WranglerProcess | undefined;
const end = () => void Promise.resolve(wrangler?.end()).then(() => process.exit());
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, end);
// The shell between npm and this process does not forward signals, so its end is the signal.
const shell = process.ppid;
if (process.env.npm_lifecycle_event !== undefined) setInterval(() => process.ppid === shell || end(), PARENT_POLL_MS);
/** Checks for a new configuration. Called after each save. */
let check = () => undefined as void;
watchSaves(SOURCES, () => check());

let config = firstConfig();
for (let isFirst = true; ; isFirst = false) {
  writeGenerated(config);
  wrangler = startWrangler([...config.files.flatMap((file) => ["-c", file]), ...FLAGS, "--ip", ip, "--port", port]);
  const answered = announce(wrangler, config);
  const source = watchSource(answered);
  const next = Promise.race([nextConfig(config), source.saved.then(() => config)]);
  const code = await Promise.race([wrangler.ended, next]);
  if (typeof code === "number") {
    if (isFirst || (await answered)) process.exit(code);
    console.error("\nWeir does not start with this configuration. Correct it, and Weir starts again.\n");
  }
  config = await next;
  source.stop();
  console.log("\nWeir starts again, after a change.\n");
  await wrangler.end();
}

function firstConfig(): DevConfig {
  try {
    return writeDevConfig();
  } catch (error) {
    return fail((error as Error).message);
  }
}

/** Resolves with the next configuration that has no fault and differs from `present`. */
function nextConfig(present: DevConfig): Promise<DevConfig> {
  return new Promise((resolve) => {
    let shown = "";
    check = () => {
      let message = "";
      try {
        const config = readDevConfig();
        if (!isDeepStrictEqual(config, present)) resolve(config);
      } catch (error) {
        ({ message } = error as Error);
      }
      if (message !== "" && message !== shown)
        console.error(`\n${message}\nWeir goes on with its last configuration.\n`);
      shown = message;
    };
    // A file may have been saved before this.
    check();
  });
}

/** Watches the source until the Worker has answered. Wrangler watches it only after a first build that succeeds. */
function watchSource(answered: Promise<boolean>): { saved: Promise<void>; stop: () => void } {
  const { promise: saved, resolve } = Promise.withResolvers<void>();
  const folders = ["src", "dev/provider"].map(toFile);
  const paths = folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => `${folder}/${name}`),
  );
  const stop = watchSaves([...folders, ...paths], resolve);
  void answered.then((hasAnswered) => hasAnswered && stop());
  return { saved, stop };
}

/** Waits for the Worker, and says that it is ready or what is missing. Resolves with false when it never answers. */
async function announce({ ready }: WranglerProcess, { emulated, authSecret }: DevConfig): Promise<boolean> {
  if (!(await ready)) return false;
  let trouble: string | undefined;
  try {
    const answer = await fetch(`${url}/healthz`);
    trouble = troubleOf(answer.status, await answer.text());
  } catch {
    return false;
  }
  const provider = emulated
    ? "the emulated provider (a key such as OPENAI_API_KEY in .dev.vars selects the real one)"
    : "the provider of .dev.vars";
  if (trouble !== undefined) console.error(`\nWeir is not ready. ${trouble}\n`);
  else console.log(`\nWeir is ready, with ${provider}. ${await firstSteps(authSecret)}\n`);
  return true;
}

/** The address of the pages, and a command. Both work with the features of this fork. */
async function firstSteps(authSecret: string): Promise<string> {
  const features = await loadFeatures().catch(() => []);
  const has = (feature: string) => features.some(({ name }) => name === feature);
  const command = has("slim-chat")
    ? `curl -N ${url}/chat -H 'authorization: Bearer ${await signToken(authSecret, "dev")}' -d '{"input":"Hi"}'`
    : `curl ${url}/healthz`;
  return has("pages") ? `Open ${url} in a browser, or try:\n\n  ${command}` : `Try:\n\n  ${command}`;
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}
