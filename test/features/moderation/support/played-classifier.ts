// A deployment whose classifier a test plays, and whose other routes nobody may ask.

import type { Policy } from "../../../../src/features/moderation/catalog.ts";
import type { Catalog } from "../../../../src/core/catalog/schema.ts";
import type { Bindings } from "../../../../src/core/env.ts";
import { bundledCatalog } from "../../../support/catalog-documents.ts";
import { resultOf } from "./policies.ts";

interface Asked {
  model: string;
  input: unknown;
}

/** Says nothing against anything, unless told otherwise; `asked` has what it was sent. */
export function playClassifier(
  answer: (input: string, signal: AbortSignal) => Response | Promise<Response> = () => says(),
) {
  const asked: Asked[] = [];
  const fetch = async (request: Request) => {
    if (!request.url.endsWith("/v1/moderations")) throw new Error(`nobody should ask ${request.url}`);
    const body = (await request.json()) as Asked;
    asked.push(body);
    request.signal.throwIfAborted();
    return answer(JSON.stringify(body.input), request.signal);
  };
  const env = { PROVIDER_HOSTS: "api.openai.com", OPENAI_API_KEY: "sk-1", UPSTREAM: { fetch } } as unknown as Bindings;
  return { env, asked };
}

/** The classifier's answer on one thing, with those scores. */
export const says = (scores: object = {}): Response => Response.json({ results: [resultOf({ ...scores })] });

/** A classifier that never answers, but gives up when its caller does. */
export const fallsSilent = (_input: string, signal: AbortSignal) =>
  new Promise<Response>((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });

/** The bundled catalog, with one policy more. */
export function catalogWith(name: string, policy: Policy): Catalog {
  const catalog = bundledCatalog();
  return { ...catalog, policies: { ...catalog.policies, [name]: policy } };
}
