// What tests inside workerd have at hand: users of the Worker under test, its catalog, its provider.

import { env, exports } from "cloudflare:workers";
import { SignJWT } from "jose";
import { forgetCatalog } from "../../src/catalog/store.ts";
import type { Bindings } from "../../src/env.ts";
import { quotaName } from "../../src/quota/name.ts";
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

/** A new user; without a plan, of the catalog's default plan. */
export async function createUser(plan?: TestPlan) {
  const subject = crypto.randomUUID();
  const token = await new SignJWT(plan === undefined ? {} : { plan })
    .setProtectedHeader({ alg: "HS256" })
    .setIssuer("weir")
    .setAudience("weir")
    .setSubject(subject)
    .setExpirationTime("1h")
    .sign(new TextEncoder().encode(bindings.AUTH_SECRET));
  const name = await quotaName({ issuer: "weir", subject }, bindings.QUOTA_PEPPER);
  return { ...createCaller(send, token), quota: bindings.USER_QUOTA.getByName(name) };
}

/** Publishes a document as the catalog that the next request uses, and returns its revision. */
export async function useCatalog(document: unknown): Promise<string> {
  const revision = await publish(bindings.CATALOG, document);
  forgetCatalog();
  return revision;
}
