// The manifest: one import and one list entry for each feature.
// `npm run features` lists the features and removes them.

import { defineFeatures } from "./core/feature.ts";
import { adminBudget } from "./features/admin-budget/index.ts";
import { adminCatalog } from "./features/admin-catalog/index.ts";
import { adminUsers } from "./features/admin-users/index.ts";
import { chatCompletions } from "./features/chat-completions/index.ts";
import { completions } from "./features/completions/index.ts";
import { embeddings } from "./features/embeddings/index.ts";
import { filesBatch } from "./features/files-batch/index.ts";
import { fineTuning } from "./features/fine-tuning/index.ts";
import { images } from "./features/images/index.ts";
import { models } from "./features/models/index.ts";
import { moderation } from "./features/moderation/index.ts";
import { pages } from "./features/pages/index.ts";
import { responses } from "./features/responses/index.ts";
import { retired } from "./features/retired/index.ts";
import { runs } from "./features/runs/index.ts";
import { slimChat } from "./features/slim-chat/index.ts";
import { speech } from "./features/speech/index.ts";
import { storedResponses } from "./features/stored-responses/index.ts";
import { transcription } from "./features/transcription/index.ts";
import { usage } from "./features/usage/index.ts";

export const features = defineFeatures([
  slimChat,
  runs,
  chatCompletions,
  responses,
  completions,
  embeddings,
  images,
  transcription,
  speech,
  storedResponses,
  filesBatch,
  fineTuning,
  moderation,
  retired,
  models,
  pages,
  usage,
  adminUsers,
  adminBudget,
  adminCatalog,
]);
