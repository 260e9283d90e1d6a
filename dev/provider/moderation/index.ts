// Moderation: POST /v1/moderations, and the model as a judge of moderation rules.
import type { ProviderFeature } from "../kernel/feature.ts";
import { MAX_DELAY_MS } from "../kernel/script.ts";
import { readJudgeScript } from "./judge.ts";
import { moderationRoutes } from "./route.ts";

declare module "../kernel/script.ts" {
  interface Script {
    /** The classifier or the judge waits this long before it answers. The model that answers the text does not. */
    moderation_ms?: number;
    /** The classifier fails with this status. The model that answers the text does not. */
    moderation_status?: number;
  }
}

export const moderation: ProviderFeature = {
  name: "moderation",
  routes: { "/v1/moderations": moderationRoutes },
  scriptRules: {
    moderation_ms: { minimum: 0, maximum: MAX_DELAY_MS },
    moderation_status: { minimum: 400, maximum: 599 },
  },
  readScript: readJudgeScript,
};
