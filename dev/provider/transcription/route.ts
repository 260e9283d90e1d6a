// The routes POST /v1/audio/transcriptions and /v1/audio/translations. A script in `prompt` applies.
import { Hono } from "hono";
import { callerLeft, openAnswer, sendStream, sendWhole } from "../kernel/delivery/delivery.ts";
import { createPacedStream } from "../kernel/delivery/paced-stream.ts";
import { type Env, now, paceMs } from "../kernel/env.ts";
import { invalidRequest } from "../kernel/errors.ts";
import { readForm } from "../kernel/form.ts";
import { fillerTokens, countTokens, tokenize } from "../kernel/generation/tokens.ts";
import { KERNEL_SCRIPT_RULES, type Script, splitScript } from "../kernel/script.ts";
import { lengthOf, readRecording } from "./recording.ts";
import { type AudioEndpoint, readTranscription, type TranscriptionRequest } from "./request.ts";
import { toFrames, toText, toTranscript, type Transcript } from "./wire.ts";

/** OpenAI shuts down the translations on this day. */
const TRANSLATION_END = "2027-02-26";
const TOKENS_PER_SECOND = 3;
const AUDIO_TOKENS_PER_SECOND = 10;
const OUTPUT_LIMIT = 2000;
const SCRIPT_RULES = { ...KERNEL_SCRIPT_RULES, audio_seconds: { minimum: 1, maximum: 100_000 } };

/** Creates the route of an endpoint. */
export function createTranscriptionRoute(endpoint: AudioEndpoint): Hono<Env> {
  return new Hono<Env>().post("/", async (c) => {
    const moment = now(c.env);
    if (endpoint === "translation" && moment.toISOString() >= TRANSLATION_END) {
      throw invalidRequest(`Invalid URL (POST ${c.req.path})`, null, null, 404);
    }
    const form = await readForm(c);
    const request = readTranscription(endpoint, form.fields, moment);
    const { script = { delay_ms: paceMs(c.env) }, question } = splitScript(request.prompt, SCRIPT_RULES, "prompt");
    const recording = await readRecording(form);
    const seconds = script.audio_seconds ?? lengthOf(recording);
    refuseLength(seconds, request);
    const faulty = c.var.exchange.withFaults(script);
    const answer = createTranscript(endpoint, request, { script: faulty, prompt: question, seconds });
    const { model, stream, isPricedByTime } = request;
    const promptTokens = isPricedByTime ? 0 : answer.inputTokens;
    const work = {
      reasoning: 0,
      tokens: isPricedByTime ? 0 : answer.pieces.length,
      isWhole: !stream,
      ...(isPricedByTime && { seconds: Math.ceil(seconds) }),
    };
    if (!(await openAnswer(c, { model, promptTokens }, faulty, work))) return callerLeft();
    if (stream) return sendStream(c, toFrames(answer), faulty);
    if (request.format === "json" || request.format === "verbose_json") {
      return sendWhole(c, toTranscript(answer, request.format), answer.pieces.length, faulty);
    }
    c.header("content-type", "text/plain; charset=utf-8");
    const text = {
      head: [],
      tokenCount: 0,
      token: () => "",
      tail: [toText(answer, request.format)],
      failure: () => "",
    };
    return c.body(createPacedStream(text, faulty, c.var.exchange));
  });
}

function refuseLength(seconds: number, { maxSeconds }: TranscriptionRequest): void {
  if (seconds <= maxSeconds) return;
  const message = `audio duration ${seconds} seconds is longer than ${maxSeconds} seconds which is the maximum for this model`;
  throw invalidRequest(message, null, "invalid_value");
}

/** Creates the text of the script, or filler of three words a second. */
function createTranscript(
  endpoint: AudioEndpoint,
  { granularities, logprobs, languages, isPricedByTime }: TranscriptionRequest,
  { script, prompt, seconds }: { script: Script; prompt: string; seconds: number },
): Transcript {
  const heard = Math.max(1, Math.min(OUTPUT_LIMIT, Math.ceil(seconds * TOKENS_PER_SECOND)));
  const pieces = script.text === undefined ? fillerTokens(script.tokens ?? heard) : tokenize(script.text);
  const audioTokens = Math.ceil(seconds * AUDIO_TOKENS_PER_SECOND);
  const textTokens = countTokens(prompt);
  const usage = isPricedByTime
    ? { type: "duration", seconds: Math.ceil(seconds) }
    : {
        type: "tokens",
        input_tokens: audioTokens + textTokens,
        input_token_details: { audio_tokens: audioTokens, text_tokens: textTokens },
        output_tokens: pieces.length,
        total_tokens: audioTokens + textTokens + pieces.length,
      };
  return {
    task: endpoint === "translation" ? "translate" : "transcribe",
    pieces,
    seconds,
    inputTokens: audioTokens + textTokens,
    usage: script.no_usage ? undefined : usage,
    // The JSON of a translation has no usage.
    hasUsageInJson: endpoint === "transcription",
    hasDuration: !script.no_usage,
    granularities,
    logprobs,
    languages,
  };
}
