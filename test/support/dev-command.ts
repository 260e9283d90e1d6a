// `npm run dev` in a scratch copy of the repository, as a user runs it.

import { spawn } from "node:child_process";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";

export interface DevCommand {
  url: string;
  output: () => string;
  /** Resolves when the output has the text `times` times. Rejects if the command ends before that. */
  printed: (text: string, times?: number) => Promise<void>;
  /** Sends a signal to the command that was started, and resolves when it has ended. */
  kill: (signal: NodeJS.Signals) => Promise<void>;
  /** Kills every process that the command has started. */
  clear: () => void;
}

/** Starts a command that takes `--port` in a folder, on a free port. */
export async function startDev(folder: string, program: string, ...words: string[]): Promise<DevCommand> {
  const port = await freePort();
  const child = spawn(program, [...words, "--port", String(port)], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
    // `clear` kills the process group as a whole.
    detached: true,
  });
  let output = "";
  let changed: (() => void) | undefined;
  const read = (chunk: Buffer) => {
    output += String(chunk);
    changed?.();
  };
  child.stdout.on("data", read);
  child.stderr.on("data", read);
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  void ended.then(() => changed?.());
  return {
    url: `http://127.0.0.1:${port}`,
    output: () => output,
    printed: async (text, times = 1) => {
      while (output.split(text).length <= times) {
        if (child.exitCode !== null) throw new Error(`It ended without '${text}':\n${output}`);
        await new Promise<void>((resolve) => (changed = resolve));
      }
    },
    kill: async (signal) => {
      child.kill(signal);
      await ended;
    },
    clear: () => {
      try {
        process.kill(-(child.pid ?? Number.NaN), "SIGKILL");
      } catch {
        // No process is left.
      }
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
