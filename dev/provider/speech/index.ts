// Speech: POST /v1/audio/speech.
import type { ProviderFeature } from "../kernel/feature.ts";
import { speechRoutes } from "./route.ts";

export const speech: ProviderFeature = {
  name: "speech",
  routes: { "/v1/audio/speech": speechRoutes },
};
