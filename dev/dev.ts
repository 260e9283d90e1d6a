// `npm run dev`: Weir on http://127.0.0.1:8787, reloading on change, with the emulated provider unless .dev.vars holds
// a key for the real one.

import { spawn } from "node:child_process";
import { watch } from "node:fs";
import { createToken } from "./token.ts";
import { SOURCES, writeDevConfig } from "./config.ts";

const PORT = 8787;
const url = `http://127.0.0.1:${PORT}`;

const { files, emulated } = writeDevConfig();
for (const file of SOURCES) watch(file, () => void writeDevConfig());

const flags = [
  "--ip",
  "127.0.0.1",
  "--port",
  String(PORT),
  "--persist-to",
  ".wrangler/state",
  ...process.argv.slice(2),
];
const wrangler = spawn("wrangler", ["dev", ...files.flatMap((file) => ["-c", file]), ...flags], {
  stdio: "inherit",
  env: { ...process.env, WRANGLER_SEND_METRICS: "false", CLOUDFLARE_CF_FETCH_ENABLED: "false" },
});
wrangler.on("exit", (code) => process.exit(code ?? 0));
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => wrangler.kill(signal));

await ready();
const token = await createToken("dev");
console.log(`
Weir is ready, with ${emulated ? "the emulated provider (put OPENAI_API_KEY into .dev.vars for the real one)" : "the real provider"}. Try:

  curl -N ${url}/chat -H 'authorization: Bearer ${token}' -d '{"input":"Hi"}'
`);

/** Waits until Weir answers; wrangler ends this process if it cannot start. */
async function ready(): Promise<void> {
  for (;;) {
    const answer = await fetch(`${url}/healthz`).catch(() => undefined);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
