// The feature speech: POST /v1/audio/speech, OpenAI's, metered by characters or by tokens of audio.

import { Hono } from "hono";
import type { AppEnv, Feature } from "../../core/feature.ts";
import { metered } from "../../core/gateway/metered.ts";
import { readBody } from "../../core/http/json-body.ts";
import { passSpeech } from "./exchange.ts";
import { SpeechRequest } from "./request.ts";

const app = new Hono<AppEnv>().post("/", async (c) => {
  const request = await readBody(c.req, SpeechRequest);
  return metered(c.get("caller"), { model: request.model, ways: [passSpeech(request)] });
});

export const speech: Feature = {
  name: "speech",
  serves: ["speech_generation"],
  routes: [{ path: "/v1/audio/speech", access: "user", app, summary: "`POST`: OpenAI's, a text as spoken audio" }],
};
