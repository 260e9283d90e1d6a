// Weir as a process that is killed and started again on the same storage. The emulated provider is another process.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unstable_readConfig } from "wrangler";
import type { Served } from "../bench/serve.ts";
import { build, serve, stripTypes } from "../bench/serve.ts";
import { toFile } from "./repository.ts";
import { signToken } from "./token.ts";

const SECRET = "the secret of the tokens of a killable Weir";
export const PEPPER = "pepper";

export interface KillableWeir {
  provider: Served;
  /** The folder of the objects' storage. It may be read while Weir does not run. */
  storage: string;
  createToken(subject: string): Promise<string>;
  /** Starts Weir on a free port. */
  start(): Promise<Served>;
  /** What Weir has logged so far. */
  readLog(): string;
  /** Stops the provider and deletes the storage. */
  remove(): void;
}

/** Builds both Workers and starts the provider. */
export async function createKillableWeir(catalog: object): Promise<KillableWeir> {
  const folder = mkdtempSync(join(tmpdir(), "weir-"));
  const storage = join(folder, "storage");
  const log = join(folder, "log");
  const entry = build("killable-weir", "wrangler.toml");
  const provider = await serve("killable-provider", {
    entry: build("killable-provider", "dev/wrangler.toml"),
    health: "/__stats",
    vars: { PACE_MS: "0" },
  });
  const { bindings } = unstable_readConfig({ config: toFile("wrangler.toml") }).durable_objects;
  const config = {
    entry,
    health: "/healthz",
    storage,
    log,
    vars: {
      OPENAI_API_KEY: "emulated-key",
      OPENAI_BASE_URL: `${provider.url}/v1`,
      PROVIDER_HOSTS: "api.openai.com",
      AUTH_SECRET: SECRET,
      QUOTA_PEPPER: PEPPER,
    },
    json: { AUTH_ISSUERS: [{ issuer: "weir", audience: "weir" }] },
    objects: Object.fromEntries(
      bindings.map((binding: { name: string; class_name: string }) => [binding.name, binding.class_name]),
    ),
    kv: { binding: "CATALOG", entry: stripTypes("kv"), vars: { CATALOG: JSON.stringify(catalog) } },
  };
  return {
    provider,
    storage,
    createToken: (subject) => signToken(SECRET, subject),
    start: () => serve("killable-weir", config),
    readLog: () => readFileSync(log, "utf8"),
    remove() {
      provider.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
