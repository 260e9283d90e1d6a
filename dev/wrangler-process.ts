// A process of `wrangler dev`, which never outlives this process.

import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

export interface WranglerProcess {
  /** Resolves with true when the port accepts requests, although the build may still run; false if the process ends. */
  ready: Promise<boolean>;
  /** Resolves with the exit code. */
  ended: Promise<number>;
  /** Ends the process and resolves when its port is free. */
  end(): Promise<void>;
}

const CLI = fileURLToPath(new URL("../bin/wrangler.js", import.meta.resolve("wrangler")).href);
const END_WITH_PARENT = new URL("end-with-parent.ts", import.meta.url).href;
/** Wrangler usually ends at once. After this time it is killed, which can leave its workerd behind, with the port. */
const END_MS = 20_000;

/** Starts `wrangler dev` with these arguments. It does not watch its config files, because a new process reads them. */
export function startWrangler(words: string[]): WranglerProcess {
  const child = spawn(process.execPath, ["--import", END_WITH_PARENT, CLI, "dev", ...words], {
    stdio: ["inherit", "inherit", "inherit", "ipc"],
    env: {
      ...process.env,
      WRANGLER_SEND_METRICS: "false",
      CLOUDFLARE_CF_FETCH_ENABLED: "false",
      WRANGLER_CI_DISABLE_CONFIG_WATCHING: "true",
    },
  });
  const ended = new Promise<number>((resolve) => child.once("exit", (code) => resolve(code ?? 0)));
  // Wrangler sends one message, when it is ready.
  const ready = new Promise<boolean>((resolve) => {
    child.once("message", () => resolve(true));
    child.once("exit", () => resolve(false));
  });
  return {
    ready,
    ended,
    async end() {
      child.kill();
      const timer = setTimeout(() => child.kill("SIGKILL"), END_MS);
      await ended;
      clearTimeout(timer);
    },
  };
}
