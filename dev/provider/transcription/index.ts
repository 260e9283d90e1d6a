// Transcription: POST /v1/audio/transcriptions and /v1/audio/translations.
import type { ProviderFeature } from "../kernel/feature.ts";
import { createTranscriptionRoute } from "./route.ts";

declare module "../kernel/script.ts" {
  interface Script {
    /** The length of the recording, in seconds, whatever the file says. */
    audio_seconds?: number;
  }
}

export const transcription: ProviderFeature = {
  name: "transcription",
  routes: {
    "/v1/audio/transcriptions": createTranscriptionRoute("transcription"),
    "/v1/audio/translations": createTranscriptionRoute("translation"),
  },
};
