// Weir and the emulated provider as one running thing on a free port: for the demo, the end-to-end tests and the bench.

import { createTestHarness } from "wrangler";
import { writeDevConfig } from "./config.ts";

process.env.WRANGLER_SEND_METRICS = "false";
process.env.CLOUDFLARE_CF_FETCH_ENABLED = "false";

/** Starts the Workers of `npm run dev`, with `vars` over their own, and empty storage. */
export async function startStack(vars: { weir?: Record<string, string>; provider?: Record<string, string> } = {}) {
  const { files, emulated } = writeDevConfig();
  const [weir = "", provider = ""] = files;
  const workers = [{ configPath: weir, vars: vars.weir ?? {} }];
  if (emulated) workers.push({ configPath: provider, vars: vars.provider ?? {} });
  const harness = createTestHarness({ workers });
  const { url } = await harness.listen();
  return { url: url.origin, emulated, harness };
}
