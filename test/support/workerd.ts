// The Worker under test inside workerd: its users, catalog and provider.

import { createExecutionContext, reset } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { SignJWT } from "jose";
import { app } from "../../src/app.ts";
import type { Catalog } from "../../src/core/catalog/schema.ts";
import { resetCatalogForTests } from "../../src/core/catalog/store.ts";
import type { Bindings } from "../../src/core/env.ts";
import { toLimits } from "../../src/core/quota/limits.ts";
import { quotaName } from "../../src/core/quota/name.ts";
import type { TestPlan } from "./catalog.ts";
import { createCatalog, publish } from "./catalog.ts";
import { createCaller, createQuotaReader } from "./caller.ts";
import { createEmulation } from "./emulation.ts";

export const bindings: Bindings = env;

export const emulation = createEmulation((url, init) => {
  if (!bindings.UPSTREAM) throw new Error("the emulated provider is not bound");
  return bindings.UPSTREAM.fetch(url, init);
});

/** Sends a request to the Worker under test. */
export function send(path: string, init: RequestInit = {}): Promise<Response> {
  return exports.default.fetch(`http://weir${path}`, init);
}

/** Sends requests to the Worker's code with changed bindings. */
export const createSend =
  (changes: Partial<Bindings>) =>
  async (path: string, init: RequestInit = {}): Promise<Response> =>
    app.fetch(new Request(`http://weir${path}`, init), { ...bindings, ...changes }, createExecutionContext());

/** A new user, of the catalog's default plan without `plan`. `changes` are bindings for this user's requests. */
export async function createUser(plan?: TestPlan, changes?: Partial<Bindings>) {
  const subject = crypto.randomUUID();
  const token = await signToken(subject, plan === undefined ? {} : { plan });
  const quota = bindings.USER_QUOTA.getByName(await quotaName({ issuer: "weir", subject }, bindings.QUOTA_PEPPER));
  const usage = createQuotaReader(quota, () => limitsOf(plan));
  return { ...createCaller(changes ? createSend(changes) : send, token, usage), subject, quota };
}

/** A token of a subject, valid for an hour. */
export function signToken(subject: string, claims: Record<string, unknown> = {}): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: "HS256" })
    .setIssuer("weir")
    .setAudience("weir")
    .setSubject(subject)
    .setExpirationTime("1h")
    .sign(new TextEncoder().encode(bindings.AUTH_SECRET));
}

let inUse: Pick<Catalog, "plans" | "default_plan"> = createCatalog();

function limitsOf(name = inUse.default_plan) {
  const plan = inUse.plans[name];
  if (!plan) throw new Error(`the catalog has no plan '${name}'`);
  return toLimits(plan);
}

/** Publishes a document as the catalog that the next request uses, and returns its revision. */
export async function useCatalog(document: unknown): Promise<string> {
  const revision = await publish(bindings.CATALOG, document);
  resetCatalogForTests();
  inUse = document as Catalog;
  return revision;
}

/** Empties all storage and forgets the catalog, as before the first deployment. */
export async function startAnew(): Promise<void> {
  await reset();
  resetCatalogForTests();
}
