// What tests inside workerd have at hand: users of the Worker under test, its catalog, its provider.

import { createExecutionContext } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { SignJWT } from "jose";
import { app } from "../../src/app.ts";
import { resetCatalogForTests } from "../../src/core/catalog/store.ts";
import type { Bindings } from "../../src/core/env.ts";
import { quotaName } from "../../src/core/quota/name.ts";
import type { TestPlan } from "./catalog.ts";
import { publish } from "./catalog.ts";
import { createCaller } from "./caller.ts";
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

/** A way to send requests to the Worker's code with other bindings than its own. */
export const createSend =
  (changes: Partial<Bindings>) =>
  async (path: string, init: RequestInit = {}): Promise<Response> =>
    app.fetch(new Request(`http://weir${path}`, init), { ...bindings, ...changes }, createExecutionContext());

/** A new user; without a plan, of the catalog's default plan. */
export async function createUser(plan?: TestPlan) {
  const subject = crypto.randomUUID();
  const token = await signToken(subject, plan === undefined ? {} : { plan });
  const name = await quotaName({ issuer: "weir", subject }, bindings.QUOTA_PEPPER);
  return { ...createCaller(send, token), subject, quota: bindings.USER_QUOTA.getByName(name) };
}

/** A token of a subject that is valid for an hour, with more claims where they are given. */
export function signToken(subject: string, claims: Record<string, unknown> = {}): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: "HS256" })
    .setIssuer("weir")
    .setAudience("weir")
    .setSubject(subject)
    .setExpirationTime("1h")
    .sign(new TextEncoder().encode(bindings.AUTH_SECRET));
}

/** Publishes a document as the catalog that the next request uses, and returns its revision. */
export async function useCatalog(document: unknown): Promise<string> {
  const revision = await publish(bindings.CATALOG, document);
  resetCatalogForTests();
  return revision;
}
