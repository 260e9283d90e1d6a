// Fine-tuning: /v1/fine_tuning/jobs, and the models that it trains.
import type { ProviderFeature } from "../kernel/feature.ts";
import { fineTuningRoutes } from "./jobs.ts";
import { trainedModels } from "./trained-models.ts";

export const fineTuning: ProviderFeature = {
  name: "fine-tuning",
  routes: { "/v1/fine_tuning/jobs": fineTuningRoutes },
  models: trainedModels,
};
