// The features of the emulated provider. Each has one import line and one entry line.
import type { ProviderFeature } from "./kernel/feature.ts";
import { completions } from "./completions/index.ts";
import { embeddings } from "./embeddings/index.ts";
import { filesBatch } from "./files-batch/index.ts";
import { fineTuning } from "./fine-tuning/index.ts";
import { images } from "./images/index.ts";
import { moderation } from "./moderation/index.ts";
import { speech } from "./speech/index.ts";
import { storedResponses } from "./stored-responses/index.ts";
import { transcription } from "./transcription/index.ts";

// oxfmt-ignore
export const features: ProviderFeature[] = [
  completions,
  embeddings,
  filesBatch,
  fineTuning,
  images,
  moderation,
  speech,
  storedResponses,
  transcription,
];
