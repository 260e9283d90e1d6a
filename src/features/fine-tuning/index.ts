// The feature fine-tuning: jobs that train models, and fine-tuned models, each for the user who has trained it.

import type { Feature } from "../../core/feature.ts";
import { fineTuningSection } from "./catalog.ts";
import { fineTunedModels } from "./own-models.ts";
import { tuningKind } from "./tuning-kind.ts";
import { tuningRoutes } from "./tuning-routes.ts";

export const fineTuning: Feature = {
  name: "fine-tuning",
  needs: ["files-batch"],
  serves: ["fine_tuning"],
  catalog: fineTuningSection,
  jobs: [tuningKind],
  ownModels: fineTunedModels,
  routes: [
    {
      path: "/v1/fine_tuning/jobs",
      access: "user",
      app: tuningRoutes,
      summary:
        "`POST`, `GET`; `GET /:id`; `POST /:id/cancel`, `pause`, `resume`; `GET /:id/events`, `checkpoints`: own jobs",
    },
  ],
};
