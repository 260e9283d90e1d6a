// The entry: what the platform calls, and the Durable Object classes that it must find here. Nothing else.

import { app } from "./app.ts";
import type { Bindings } from "./env.ts";
import { lookAtModels } from "./lifecycle.ts";

export { CatalogPublisher } from "./catalog/catalog-publisher.ts";
export { UserQuota } from "./quota/user-quota.ts";

export default {
  fetch: app.fetch,
  async scheduled({ scheduledTime }, env, context) {
    await lookAtModels(env, scheduledTime, (work) => context.waitUntil(work));
  },
} satisfies ExportedHandler<Bindings>;
