// The testbed: emulated provider, bare pass-through and Weir, each in its own process.

import bundled from "../src/core/catalog/default.json" with { type: "json" };
import { createToken } from "../dev/token.ts";
import { devVars } from "../dev/secrets.ts";
import { GATED, MODEL } from "./requests.ts";
import type { Target } from "./load.ts";
import type { Served, WorkerConfig } from "./serve.ts";
import { build, OBJECTS, serve, stripTypes } from "./serve.ts";

const KEY = "emulated-key";
const USERS = 32;

/** A running Worker and the tokens of its callers. */
export type Server = Served & Target;

export interface Testbed {
  provider: Served;
  bare: Server;
  weir: Server;
  /** Weir, called by a user whose plan allows nothing. */
  exhausted: Server;
  /**
   * Each starts another process. `unpublished` is Weir with an empty KV, so it uses the bundled catalog. The others
   * are Weir with the counters of workers/counted.ts. In `countedRuns`, the alarm deletes a run some seconds after it.
   */
  fresh: Record<"bare" | "weir" | "unpublished" | "counted" | "countedWithoutBudget" | "countedRuns", Start>;
  stop(): void;
}

/** Starts a process. `startMs`: the time until it has answered `ask`, by default the health check. */
export type Start = (ask?: (target: Target) => Promise<void>) => Promise<Server & { startMs: number }>;

interface TestbedOptions {
  /** Flags of Weir's JavaScript engine. */
  v8Flags?: string[];
  /** Base URLs of more providers. Each has one model, with the same name. */
  providers?: Record<string, string>;
}

/** Builds and starts all Workers. The caller must call `stop`. */
export async function startTestbed({ v8Flags = [], providers = {} }: TestbedOptions = {}): Promise<Testbed> {
  const provider = await serve("provider", {
    entry: build("provider", "dev/wrangler.toml"),
    health: "/__stats",
    vars: { PACE_MS: "0" },
  });
  const bareConfig: WorkerConfig = {
    entry: stripTypes("pass-through"),
    health: "/__stats",
    vars: { PROVIDER: provider.url },
  };
  const published = catalog(Object.keys(providers));
  const weirConfig: WorkerConfig = {
    entry: build("weir", "wrangler.toml"),
    health: "/healthz",
    vars: {
      OPENAI_API_KEY: KEY,
      OPENAI_BASE_URL: `${provider.url}/v1`,
      PROVIDER_HOSTS: "api.openai.com",
      AUTH_SECRET: devVars().AUTH_SECRET ?? "",
      QUOTA_PEPPER: "bench",
      ...Object.fromEntries(Object.entries(providers).map(([name, url]) => [urlVariable(name), url])),
    },
    v8Flags,
    json: { AUTH_ISSUERS: [{ issuer: "weir", audience: "weir" }] },
    objects: OBJECTS,
    kv: kvOf(published),
  };
  let countedEntry: string | undefined;
  const countedConfig = (): WorkerConfig => {
    countedEntry ??= build("weir-counted", "wrangler.toml", "counted");
    return { ...weirConfig, entry: countedEntry };
  };
  const bare = await serve("pass-through", bareConfig);
  const weir = await serve("weir", weirConfig);
  const tokens = await Promise.all(Array.from({ length: USERS }, (_, index) => createToken(`bench-${index}`, "bench")));
  const tokenOf = (index: number) => tokens[index % USERS] ?? "";
  const exhausted = await createToken("bench-exhausted", "exhausted");
  const unpublished = await createToken("bench-unpublished", "pro");
  return {
    provider,
    bare: { ...bare, token: () => KEY },
    weir: { ...weir, token: tokenOf },
    exhausted: { ...weir, token: () => exhausted },
    fresh: {
      bare: starter(
        "pass-through-fresh",
        () => bareConfig,
        () => KEY,
      ),
      weir: starter("weir-fresh", () => weirConfig, tokenOf),
      unpublished: starter(
        "weir-unpublished",
        () => ({ ...weirConfig, kv: kvOf() }),
        () => unpublished,
      ),
      counted: starter("weir-counted", countedConfig, tokenOf),
      countedWithoutBudget: starter(
        "weir-counted",
        () => ({ ...countedConfig(), kv: kvOf({ ...published, budget: undefined }) }),
        tokenOf,
      ),
      countedRuns: starter(
        "weir-counted",
        () => ({ ...countedConfig(), kv: kvOf({ ...published, ...shortRuns }) }),
        tokenOf,
      ),
    },
    stop: () => [provider, bare, weir].forEach((served) => served.stop()),
  };
}

const starter =
  (name: string, config: () => WorkerConfig, token: Target["token"]): Start =>
  async (ask) => ({ ...(await serve(name, config(), ask && ((url) => ask({ url, token })))), token });

/** KV with that catalog published, or empty. */
const kvOf = (published?: object) => ({
  binding: "CATALOG",
  entry: stripTypes("kv"),
  vars: published ? { CATALOG: JSON.stringify(published) } : {},
});

/**
 * The bundled catalog with an unlimited and an empty plan, and a budget that is never used up. The model has one
 * dialect, to compare the same work.
 */
function catalog(otherProviders: string[]) {
  const plans = {
    bench: { windows: windowsOf(1_000_000), concurrent: 1000, max_output_tokens: 128_000, files: ANY_FILES },
    exhausted: { windows: windowsOf(0), concurrent: 1000, max_output_tokens: 128_000 },
  };
  const card = { ...bundled.cards[MODEL], endpoints: ["chat_completions"] };
  const aliases = { ...bundled.aliases, [GATED]: { target: MODEL, moderation: { input: "parallel" } } };
  const cards = otherProviders.map((name) => [name, { ...card, provider: name, snapshots: { [name]: {} } }] as const);
  const providers = otherProviders.map(
    (name) => [name, { ...bundled.providers.openai, base_url_variable: urlVariable(name) }] as const,
  );
  return {
    ...bundled,
    aliases,
    providers: { ...bundled.providers, ...Object.fromEntries(providers) },
    cards: { ...bundled.cards, [MODEL]: card, ...Object.fromEntries(cards) },
    plans: { ...bundled.plans, ...plans },
    budget: { windows: [{ unit: "usd", per: "day", limit: 1_000_000 }] },
  };
}

/** Room for all files that a run uploads. */
const ANY_FILES = { max_bytes: Number.MAX_SAFE_INTEGER, max_files: 1_000_000 };

/** The parts of a catalog that decide how long a run is kept. */
const shortRuns = { timing: { total_ms: 25_000 }, runs: { keep_ms: 1000 } };

const urlVariable = (provider: string) => `${provider.toUpperCase()}_BASE_URL`;

const windowsOf = (requests: number) => [
  { unit: "tokens", per: "month", limit: requests * 1_000_000 },
  { unit: "requests", per: "month", limit: requests },
];
