// The feature transcription: OpenAI's POST /v1/audio/transcriptions and /v1/audio/translations, metered.

import { Hono } from "hono";
import type { AppEnv, Feature } from "../../core/feature.ts";
import { metered } from "../../core/gateway/metered.ts";
import { fieldsOf, readForm } from "../../core/http/multipart.ts";
import { transcribe } from "./exchange.ts";
import { takeRecording } from "./recording.ts";
import type { AudioEndpoint } from "./request.ts";
import { readTranscriptionRequest } from "./request.ts";

const createRoute = (endpoint: AudioEndpoint) =>
  new Hono<AppEnv>().post("/", async (c) => {
    const form = await readForm(c.req.raw);
    const recording = takeRecording(form);
    const request = readTranscriptionRequest(endpoint, fieldsOf(form));
    return metered(c.get("caller"), { model: request.model, ways: [transcribe(endpoint, recording, request)] });
  });

export const transcription: Feature = {
  name: "transcription",
  serves: ["transcription", "translation"],
  routes: [
    {
      path: "/v1/audio/transcriptions",
      access: "user",
      app: createRoute("transcription"),
      summary: "`POST`: OpenAI's, metered by the length of the recording; streams or not",
    },
    {
      path: "/v1/audio/translations",
      access: "user",
      app: createRoute("translation"),
      summary: "`POST`: OpenAI's, to English text. Ends on 2027-02-26",
    },
  ],
};
