// The entry: what the platform calls, and the Durable Object classes that it must find here. Nothing else.

import { app } from "./app.ts";
import type { Bindings } from "./core/env.ts";
import { lookAtModels } from "./features/admin-catalog/daily-check.ts";

export { CatalogPublisher } from "./features/admin-catalog/object.ts";
export { UserQuota } from "./core/quota/user-quota.ts";

export default {
  fetch: app.fetch,
  async scheduled({ scheduledTime }, env, context) {
    await lookAtModels(env, scheduledTime, (work) => context.waitUntil(work));
  },
} satisfies ExportedHandler<Bindings>;
