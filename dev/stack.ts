// Weir and the emulated provider as one running thing on a free port: for the demo, the end-to-end tests and the bench.

import { createTestHarness } from "wrangler";
import { writeDevConfig } from "./config.ts";

process.env.WRANGLER_SEND_METRICS = "false";
process.env.CLOUDFLARE_CF_FETCH_ENABLED = "false";

interface StackOptions {
  /** Never the real provider, whatever .dev.vars says. */
  emulate?: boolean;
  /** Variables over those of the configuration. */
  weir?: Record<string, string>;
  provider?: Record<string, string>;
}

/** Starts the Workers of `npm run dev` with empty storage. */
export async function startStack({ emulate, weir: weirVars, provider: providerVars }: StackOptions = {}) {
  const { files, emulated } = writeDevConfig(emulate);
  const [weir = "", provider = ""] = files;
  const workers = [{ configPath: weir, vars: weirVars ?? {} }];
  if (emulated) workers.push({ configPath: provider, vars: providerVars ?? {} });
  const harness = createTestHarness({ workers });
  const { url } = await harness.listen();
  return { url: url.origin, emulated, harness };
}
