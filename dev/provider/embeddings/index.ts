// Embeddings: POST /v1/embeddings.
import type { ProviderFeature } from "../kernel/feature.ts";
import { embeddingsRoutes } from "./route.ts";

export const embeddings: ProviderFeature = {
  name: "embeddings",
  routes: { "/v1/embeddings": embeddingsRoutes },
};
