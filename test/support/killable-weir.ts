// A Weir process that can be killed: `wrangler dev` with the configuration of `npm run dev`, and a folder as storage.

import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeDevConfig } from "../../dev/config.ts";

const PROBE_MS = 50;
const MOST_PROBES = 600;
const QUIET = { WRANGLER_SEND_METRICS: "false", CLOUDFLARE_CF_FETCH_ENABLED: "false" };

/** An empty storage folder with that catalog in it, in which Weir can be started again and again. */
export function createHome(catalog: unknown) {
  const { files } = writeDevConfig(true);
  const folder = mkdtempSync(join(tmpdir(), "weir-"));
  // A registry of its own, so that no other Weir on this machine is found by name.
  const env = { ...process.env, ...QUIET, WRANGLER_REGISTRY_PATH: join(folder, "registry") };
  const entries = join(folder, "catalog.json");
  const values = { "catalog:rev:test": catalog, "catalog:current": { active: "test" } };
  const bulk = Object.entries(values).map(([key, value]) => ({ key, value: JSON.stringify(value) }));
  writeFileSync(entries, JSON.stringify(bulk));
  const put = ["kv", "bulk", "put", entries, "--binding", "CATALOG", "--local", "--persist-to", folder];
  execFileSync("wrangler", [...put, "-c", files[0] ?? ""], { env, stdio: "pipe" });

  /** Starts Weir on a free port and waits until it answers. */
  const start = async () => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const configs = files.flatMap((file) => ["-c", file]);
    const flags = ["--ip", "127.0.0.1", "--port", String(port), "--inspector-port", "0", "--persist-to", folder];
    const child = spawn("wrangler", ["dev", ...configs, ...flags, "--show-interactive-dev-session=false"], {
      env,
      stdio: "ignore",
      // A process group of its own, which is killed as a whole.
      detached: true,
    });
    const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    const kill = async () => {
      if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
        process.kill(-child.pid, "SIGKILL");
      }
      await exited;
    };
    for (let probes = 0; !(await isUp(url)); probes++) {
      if (probes === MOST_PROBES || child.exitCode !== null) throw new Error("wrangler dev did not start");
      await new Promise((resolve) => setTimeout(resolve, PROBE_MS));
    }
    return { url, kill };
  };
  return { start, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

const isUp = (url: string) =>
  fetch(`${url}/healthz`).then(
    ({ ok }) => ok,
    () => false,
  );

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
