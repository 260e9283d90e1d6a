// The route POST /v1/audio/speech.
// A script in the first line of the input applies. A token is 50 ms of audio.
import { Hono } from "hono";
import { readBody, readString, refuseUnknown } from "../kernel/body.ts";
import { findModel } from "../kernel/catalog.ts";
import { callerLeft, openAnswer, sendStream } from "../kernel/delivery/delivery.ts";
import { createPacedStream } from "../kernel/delivery/paced-stream.ts";
import { type Env, now, paceMs } from "../kernel/env.ts";
import { invalidRequest } from "../kernel/errors.ts";
import { countTokens } from "../kernel/generation/tokens.ts";
import { findRefused, unsupportedParameter } from "../kernel/request/refused-parameters.ts";
import { KERNEL_SCRIPT_RULES, splitScript } from "../kernel/script.ts";
import { createAudio } from "./audio.ts";
import { toBinaryFrames, toEventFrames } from "./frames.ts";
import { readFormat, readInput, readSpeed, readStreamFormat, readVoice } from "./parameters.ts";

const PARAMETERS = new Set(["input", "instructions", "model", "response_format", "speed", "stream_format", "voice"]);
const TOKENS_PER_CHARACTER = 1.3;

/** The content types of the answers. */
const CONTENT_TYPES = {
  mp3: "audio/mpeg",
  opus: "audio/opus",
  aac: "audio/aac",
  flac: "audio/flac",
  wav: "audio/wav",
  pcm: "audio/pcm",
};

export const speechRoutes = new Hono<Env>().post("/", async (c) => {
  const body = await readBody(c);
  refuseUnknown(body, PARAMETERS);
  const model = findModel(readString(body, "model"), now(c.env));
  const { card } = model;
  if (!card.endpoints.includes("speech_generation")) {
    throw invalidRequest("You are not allowed to generate speech from this model.", null, null, 403);
  }
  const input = readInput(body, "input");
  const instructions = body["instructions"] ? readInput(body, "instructions") : "";
  readVoice(body);
  const format = readFormat(body);
  const speed = readSpeed(body);
  const isEventStream = readStreamFormat(body) === "sse";
  const { stream_format: _, ...others } = body;
  const refused = findRefused(isEventStream ? body : others, card.refuses?.speech_generation ?? []);
  if (refused) throw unsupportedParameter(refused.name);

  const { script = { delay_ms: paceMs(c.env) }, question } = splitScript(input, KERNEL_SCRIPT_RULES, "input");
  const promptTokens = countTokens(question) + countTokens(instructions);
  if (promptTokens > (card.max_input_tokens ?? Infinity)) {
    throw invalidRequest(`Input is longer than ${card.max_input_tokens} tokens.`, "input");
  }
  const spokenTokens = Math.ceil((Array.from(question).length * TOKENS_PER_CHARACTER) / speed);
  const tokens = script.tokens ?? Math.max(1, spokenTokens);
  // A model without tokens of audio bills the characters of the input.
  const billed =
    card.speech_tokens_per_character === undefined
      ? { promptTokens: 0, work: { tokens: 0, characters: Array.from(input).length } }
      : { promptTokens, work: { tokens } };
  const work = { ...billed.work, reasoning: 0, isWhole: false };
  if (!(await openAnswer(c, { model, promptTokens: billed.promptTokens }, script, work))) return callerLeft();
  const audio = createAudio(format, tokens);
  if (isEventStream) return sendStream(c, toEventFrames(audio, tokens, script.no_usage ? null : promptTokens), script);
  c.header("content-type", CONTENT_TYPES[format]);
  // Audio has no place for an error, so the connection is cut.
  const cutAfter = script.cut_after ?? script.error_after;
  const { error_after: _error, ...healthy } = script;
  const faults = cutAfter === undefined ? healthy : { ...healthy, cut_after: cutAfter };
  return c.body(createPacedStream(toBinaryFrames(audio, tokens), faults, c.var.exchange));
});
