// Weir and the emulated provider for end-to-end tests: built, on a free port, with the tests' catalog.

import { createHmac } from "node:crypto";
import type { KVNamespace } from "@cloudflare/workers-types";
import type { TestContext } from "vitest";
import { startStack } from "../../dev/stack.ts";
import { createToken } from "../../dev/token.ts";
import { toLimits } from "../../src/core/quota/limits.ts";
import type { QuotaObject } from "./caller.ts";
import { createCaller, createQuotaReader } from "./caller.ts";
import type { TestPlan } from "./catalog.ts";
import { createCatalog, PROVIDER_DAY, publish } from "./catalog.ts";
import { createEmulation } from "./emulation.ts";

interface WeirBindings {
  CATALOG: KVNamespace;
  QUOTA_PEPPER: string;
  USER_QUOTA: { getByName(name: string): QuotaObject };
}

/** The user's object: its name is a keyed hash of issuer and subject (docs/storage.md). */
function quotaOf({ USER_QUOTA, QUOTA_PEPPER }: WeirBindings, subject: string): QuotaObject {
  const hash = createHmac("sha256", QUOTA_PEPPER).update(`weir\0${subject}`).digest("base64url");
  return USER_QUOTA.getByName(`q1:${hash}`);
}

type Weir = Awaited<ReturnType<typeof startWeir>>;

const shared = globalThis as typeof globalThis & { sharedWeir?: Promise<Weir> };

/**
 * Returns a running stack with the tests' catalog, which all files of a process share. It ends with the process. A test
 * that publishes a catalog, or that needs empty storage, starts its own.
 */
export async function useWeir(): Promise<Weir> {
  shared.sharedWeir ??= startWeir();
  return shared.sharedWeir;
}

/** Starts both with empty storage, and never calls a real provider. */
export async function startWeir(catalog = createCatalog(), { paceMs = 0 } = {}) {
  const variables = { NOW: PROVIDER_DAY, PACE_MS: String(paceMs) };
  const { url, harness } = await startStack({ emulate: true, provider: variables });
  const env = await harness.getWorker<WeirBindings>("weir").getEnv();
  await publish(env.CATALOG, catalog);
  const provider = harness.getWorker("emulated-provider");
  return {
    url,
    emulation: createEmulation((address, init) => provider.fetch(address, init)),
    createUser: async (claimed?: TestPlan) => {
      const subject = crypto.randomUUID();
      const name = claimed ?? catalog.default_plan;
      const plan = catalog.plans[name];
      if (!plan) throw new Error(`the catalog has no plan '${name}'`);
      const usage = createQuotaReader(quotaOf(env, subject), () => toLimits(plan));
      return createCaller(createSend(url), await createToken(subject, claimed), usage);
    },
    close: () => harness.close(),
    /** For `afterEach`: prints the logs of both Workers when the test has failed. */
    report: ({ task }: TestContext) => {
      if (task.result?.state === "fail") harness.debug();
      harness.clearLogs();
    },
  };
}

const createSend = (url: string) => (path: string, init: RequestInit) => fetch(`${url}${path}`, init);

/** A user of the Weir at that address, whose quota is read over GET /usage. */
export const createUser = (url: string, token: string) => createCaller(createSend(url), token);
