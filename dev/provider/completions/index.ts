// Completions: POST /v1/completions.
import type { ProviderFeature } from "../kernel/feature.ts";
import { completionsRoutes } from "./route.ts";

export const completions: ProviderFeature = {
  name: "completions",
  routes: { "/v1/completions": completionsRoutes },
};
