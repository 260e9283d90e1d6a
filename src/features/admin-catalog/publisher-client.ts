// The client of the Durable Object that publishes catalogs.

import type { Bindings } from "../../core/env.ts";
import { apiError, notConfigured } from "../../core/errors.ts";
import type { CatalogPublisher } from "./object.ts";

/** Calls a method of the publisher. Throws 503 `catalog_unavailable` when the object or KV fails. */
export async function callPublisher<Result>(
  env: Bindings,
  method: (publisher: DurableObjectStub<CatalogPublisher>) => Result,
): Promise<Awaited<Result>> {
  const [fault] = publisherFaults(env);
  if (fault !== undefined) throw notConfigured(fault);
  try {
    return await method(env.CATALOG_PUBLISHER.getByName("catalog"));
  } catch (cause) {
    const message =
      "The catalog store did not answer. Check the active revision with GET /admin/catalog, then try again.";
    throw apiError("catalog_unavailable", message, { cause, headers: { "retry-after": "2" } });
  }
}

/** Returns the fault of a deployment without the publisher's binding. */
export function publisherFaults({ CATALOG_PUBLISHER }: Partial<Bindings>): string[] {
  return CATALOG_PUBLISHER ? [] : ["CATALOG_PUBLISHER: bind the Durable Object in wrangler.toml"];
}
