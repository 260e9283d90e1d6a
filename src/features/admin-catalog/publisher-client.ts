// The calls to the one object that publishes.

import type { Bindings } from "../../core/env.ts";
import { apiError } from "../../core/errors.ts";
import type { CatalogPublisher } from "./object.ts";

/** Calls the publisher. Throws 503 `catalog_unavailable` when it, or KV, does not answer. */
export async function publisherOf<Result>(
  env: Bindings,
  method: (publisher: DurableObjectStub<CatalogPublisher>) => Result,
): Promise<Awaited<Result>> {
  try {
    return await method(env.CATALOG_PUBLISHER.getByName("catalog"));
  } catch (cause) {
    const message = "The catalog cannot be reached. Look at what is active, then try again.";
    throw apiError("catalog_unavailable", message, { cause, headers: { "retry-after": "2" } });
  }
}
