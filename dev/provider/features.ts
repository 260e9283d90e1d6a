// The manifest: the features of the emulated provider. Each is one import and one entry.
import type { ProviderFeature } from "./kernel/feature.ts";
import { moderation } from "./moderation/index.ts";
import { storedState } from "./stored-responses/index.ts";

// oxfmt-ignore
export const features: ProviderFeature[] = [
  moderation,
  storedState,
];
