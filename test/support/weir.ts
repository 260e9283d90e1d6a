// Weir and the emulated provider as the end-to-end tests run them: built, on a free port, with the tests' catalog.

import type { KVNamespace } from "@cloudflare/workers-types";
import type { TestContext } from "vitest";
import { startStack } from "../../dev/stack.ts";
import { createToken } from "../../dev/token.ts";
import { createCaller } from "./caller.ts";
import type { TestPlan } from "./catalog.ts";
import { createCatalog, PROVIDER_DAY, publish } from "./catalog.ts";
import { createEmulation } from "./emulation.ts";

/** Starts both with empty storage. Never reaches a real provider, whatever .dev.vars says. */
export async function startWeir(catalog = createCatalog()) {
  const { url, harness } = await startStack({ emulate: true, provider: { NOW: PROVIDER_DAY, PACE_MS: "0" } });
  const { CATALOG } = await harness.getWorker<{ CATALOG: KVNamespace }>("weir").getEnv();
  await publish(CATALOG, catalog);
  const provider = harness.getWorker("emulated-provider");
  return {
    url,
    emulation: createEmulation((address, init) => provider.fetch(address, init)),
    createUser: async (plan?: TestPlan) => createUser(url, await createToken(crypto.randomUUID(), plan)),
    close: () => harness.close(),
    /** For `afterEach`: prints what both Workers logged when the test has failed. */
    report: ({ task }: TestContext) => {
      if (task.result?.state === "fail") harness.debug();
      harness.clearLogs();
    },
  };
}

export const createUser = (url: string, token: string) =>
  createCaller((path, init) => fetch(`${url}${path}`, init), token);
