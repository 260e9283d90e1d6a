// The feature files-batch: files at the provider, and batches at half the price, each for its owner.

import type { Feature } from "../../core/feature.ts";
import { batchKind } from "./batch-kind.ts";
import { batchRoute } from "./batches.ts";
import { filesSection } from "./catalog.ts";
import { deleteJobs, jobsBindingFaults } from "./client.ts";
import { fileRoutes } from "./file-routes.ts";
import { findStoredFiles } from "./own-files.ts";

export const filesBatch: Feature = {
  name: "files-batch",
  serves: ["batch"],
  catalog: filesSection,
  routes: [...fileRoutes, batchRoute],
  jobs: [batchKind],
  findFiles: findStoredFiles,
  configurationFaults: jobsBindingFaults,
  deleteUser: deleteJobs,
};
