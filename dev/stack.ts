// Weir and the emulated provider on a free port, for demo and end-to-end tests.

import { createTestHarness } from "wrangler";
import { writeDevConfig } from "./config.ts";

process.env.WRANGLER_SEND_METRICS = "false";
process.env.CLOUDFLARE_CF_FETCH_ENABLED = "false";

interface StackOptions {
  /** Use the emulated provider even when .dev.vars has a real one. */
  emulate?: boolean;
  /** Variables that override those of the configuration. */
  weir?: Record<string, string>;
  provider?: Record<string, string>;
}

/** Starts the Workers of `npm run dev` with empty storage. The caller must close `harness`. */
export async function startStack({ emulate, weir: weirVars, provider: providerVars }: StackOptions = {}) {
  const { files, emulated } = writeDevConfig(emulate);
  const [weir = "", provider = ""] = files;
  const workers = [{ configPath: weir, vars: weirVars ?? {} }];
  if (emulated) workers.push({ configPath: provider, vars: providerVars ?? {} });
  const harness = createTestHarness({ workers });
  const { url } = await harness.listen();
  return { url: url.origin, emulated, harness };
}
