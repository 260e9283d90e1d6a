// The feature admin-catalog: /admin/catalog publishes, canaries and rolls back catalog revisions.

import type { Feature } from "../../core/feature.ts";
import { checkModels } from "./daily-check.ts";
import { noticesHealth } from "./health.ts";
import { publisherFaults } from "./publisher-client.ts";
import { catalogRoutes } from "./routes.ts";

export const adminCatalog: Feature = {
  name: "admin-catalog",
  routes: [
    {
      path: "/admin/catalog",
      access: "admin",
      app: catalogRoutes,
      summary: "revisions of the catalog: publish, canary, rollback, notices",
    },
  ],
  configurationFaults: publisherFaults,
  health: noticesHealth,
  async scheduled(env, now, waitUntil) {
    await checkModels(env, now, waitUntil);
  },
};
