// What is on stage: the emulated provider, the bare pass-through and Weir, each in a process of its own.

import bundled from "../src/core/catalog/default.json" with { type: "json" };
import { createToken } from "../dev/token.ts";
import { devVars } from "../dev/secrets.ts";
import { GATED, MODEL } from "./asked.ts";
import type { Target } from "./load.ts";
import type { Served, WorkerConfig } from "./serve.ts";
import { build, serve, strip } from "./serve.ts";

const KEY = "emulated-key";
const USERS = 32;

/** Whom to ask, in a process of its own. */
export type Side = Served & Target;

/** Whom to ask: `weir`, `bare`, and Weir as a user whose plan allows nothing. */
export interface Stage {
  provider: Served;
  bare: Side;
  weir: Side;
  spent: Side;
  /** Starts one of the two anew, beside the other; `startMs`: how long it took to answer. */
  fresh: { bare: () => Promise<Fresh>; weir: () => Promise<Fresh> };
  stop(): void;
}

export type Fresh = Side & { startMs: number };

export async function startStage(): Promise<Stage> {
  const provider = await serve("provider", {
    entry: build("provider", "dev/wrangler.toml"),
    first: "/__stats",
    vars: { PACE_MS: "0" },
  });
  const bareConfig: WorkerConfig = {
    entry: strip("pass-through"),
    first: "/__stats",
    vars: { PROVIDER: provider.url },
  };
  const weirConfig: WorkerConfig = {
    entry: build("weir", "wrangler.toml"),
    first: "/healthz",
    vars: {
      OPENAI_API_KEY: KEY,
      OPENAI_BASE_URL: `${provider.url}/v1`,
      PROVIDER_HOSTS: "api.openai.com",
      AUTH_SECRET: devVars().AUTH_SECRET ?? "",
      QUOTA_PEPPER: "bench",
    },
    json: { AUTH_ISSUERS: [{ issuer: "weir", audience: "weir" }] },
    objects: { USER_QUOTA: "UserQuota", CATALOG_PUBLISHER: "CatalogPublisher" },
    kv: {
      binding: "CATALOG",
      entry: strip("kv"),
      vars: { CATALOG: JSON.stringify(catalog()) },
    },
  };
  const bare = await serve("pass-through", bareConfig);
  const weir = await serve("weir", weirConfig);
  const tokens = await Promise.all(Array.from({ length: USERS }, (_, index) => createToken(`bench-${index}`, "bench")));
  const tokenOf = (index: number) => tokens[index % USERS] ?? "";
  const spent = await createToken("bench-spent", "spent");
  return {
    provider,
    bare: { ...bare, token: () => KEY },
    weir: { ...weir, token: tokenOf },
    spent: { ...weir, token: () => spent },
    fresh: {
      bare: async () => ({ ...(await serve("pass-through-fresh", bareConfig)), token: () => KEY }),
      weir: async () => ({ ...(await serve("weir-fresh", weirConfig)), token: tokenOf }),
    },
    stop: () => [provider, bare, weir].forEach((served) => served.stop()),
  };
}

/** The bundled catalog with plans that refuse nothing, and everything; both are asked in the same dialect. */
function catalog() {
  const plans = {
    bench: { windows: windowsOf(1_000_000), concurrent: 1000, max_output_tokens: 128_000 },
    spent: { windows: windowsOf(0), concurrent: 1000, max_output_tokens: 128_000 },
  };
  const card = { ...bundled.cards[MODEL], endpoints: ["chat_completions"] };
  const aliases = { ...bundled.aliases, [GATED]: { target: MODEL, moderation: { input: "parallel" } } };
  return { ...bundled, aliases, cards: { ...bundled.cards, [MODEL]: card }, plans: { ...bundled.plans, ...plans } };
}

const windowsOf = (requests: number) => [
  { unit: "tokens", per: "month", limit: requests * 1_000_000 },
  { unit: "requests", per: "month", limit: requests },
];
