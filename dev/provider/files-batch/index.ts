// Files and batches: /v1/files and /v1/batches.
import type { ProviderFeature } from "../kernel/feature.ts";
import { batchRoutes, catchUpBatches } from "./batches.ts";
import { fileRoutes } from "./files.ts";
import { findStoredFile } from "./files-store.ts";

export const filesBatch: ProviderFeature = {
  name: "files-batch",
  routes: { "/v1/files": fileRoutes, "/v1/batches": batchRoutes },
  uploadPaths: ["/v1/files"],
  findFile(id, moment) {
    const file = findStoredFile(id, moment);
    return file && { id, bytes: file.content.length, purpose: file.purpose };
  },
  catchUp: catchUpBatches,
};
