// Images: POST /v1/images/generations and POST /v1/images/edits.
import type { ProviderFeature } from "../kernel/feature.ts";
import { IMAGE_SCRIPT_RULES } from "./request.ts";
import { imagesRoutes } from "./route.ts";

declare module "../kernel/script.ts" {
  interface Script {
    /** Each image has at least this many bytes before base64. */
    image_bytes?: number;
    /** The safety system refuses the prompt. */
    moderation_blocked?: boolean;
  }
}

export const images: ProviderFeature = {
  name: "images",
  routes: { "/v1/images": imagesRoutes },
  scriptRules: IMAGE_SCRIPT_RULES,
};
