// The Worker's entry: handlers and Durable Object classes.

import { app } from "./app.ts";
import type { Bindings } from "./core/env.ts";
import { features } from "./features.ts";

export { UserQuota } from "./core/quota/user-quota.ts";
export { CatalogPublisher } from "./features/admin-catalog/object.ts";
export { UserJobs } from "./features/files-batch/object.ts";
export { UserRuns } from "./features/runs/object.ts";

export default {
  fetch: app.fetch,
  async scheduled({ scheduledTime }, env, context) {
    const waitUntil = (work: Promise<unknown>) => context.waitUntil(work);
    await Promise.all(features.map(async (feature) => feature.scheduled?.(env, scheduledTime, waitUntil)));
  },
} satisfies ExportedHandler<Bindings>;
