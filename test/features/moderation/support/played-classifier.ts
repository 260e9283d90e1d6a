// A deployment whose provider is a classifier that the test plays.

import "../../../../src/features.ts";
import type { Catalog } from "../../../../src/core/catalog/schema.ts";
import type { Bindings } from "../../../../src/core/env.ts";
import type { Caller } from "../../../../src/core/gateway/call.ts";
import { policiesOf } from "../../../../src/features/moderation/catalog.ts";
import type { Gatekeeper } from "../../../../src/features/moderation/gatekeeper.ts";
import { bundledCatalog } from "../../../support/catalog-documents.ts";
import { policyOf, resultOf } from "./policies.ts";

export type Classify = (input: string, signal: AbortSignal) => Response | Promise<Response>;

/** By default nothing is flagged. `asked` holds the requests. */
export function playClassifier(answer: Classify = () => scored()) {
  const asked: { model: string; input: unknown }[] = [];
  const fetch = async (request: Request) => {
    if (!request.url.endsWith("/v1/moderations")) throw new Error(`unexpected request to ${request.url}`);
    const body = (await request.json()) as (typeof asked)[0];
    asked.push(body);
    request.signal.throwIfAborted();
    return answer(JSON.stringify(body.input), request.signal);
  };
  const env = { PROVIDER_HOSTS: "api.openai.com", OPENAI_API_KEY: "sk-1", UPSTREAM: { fetch } } as unknown as Bindings;
  return { env, asked };
}

/** The classifier's answer for one subject with these scores. */
export const scored = (scores: Record<string, number> = {}): Response => Response.json({ results: [resultOf(scores)] });

/** A classifier that does not answer until its signal aborts. */
export const neverAnswers: Classify = (_input, signal) =>
  new Promise<Response>((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });

/** The bundled catalog with the policy `played`. */
export function catalogWith(policy: object): Catalog {
  const catalog = bundledCatalog();
  return Object.assign({}, catalog, { policies: { ...policiesOf(catalog), played: policyOf({ ...policy }) } });
}

/** A gatekeeper under the policy `played`. */
export function keeperOf(answer: Classify, policy: object = {}): Gatekeeper {
  const moderation = { input: "parallel", output: "off", policy: "played" } as const;
  const { signal } = new AbortController();
  const caller = { env: playClassifier(answer).env, catalog: catalogWith(policy), requestId: "req_1" } as Caller;
  return { caller, key: "k-1", moderation, signal };
}
