// The request of a transcription. Unknown fields are ignored, as at OpenAI.
import type { JsonObject } from "../kernel/body.ts";
import { type Card, findModel, type Model } from "../kernel/catalog.ts";
import { invalidRequest, invalidValue, missingParameter } from "../kernel/errors.ts";

export type AudioEndpoint = "transcription" | "translation";

/** The facts of a card for the transcription and its bill. */
interface AudioFacts {
  prices?: { minute_of_audio?: number };
  features?: string[];
  max_audio_seconds?: number;
  refuses?: Record<string, string[]>;
}

export interface TranscriptionRequest {
  model: Model;
  format: string;
  stream: boolean;
  prompt: string;
  isPricedByTime: boolean;
  maxSeconds: number;
  granularities: string[];
  logprobs: boolean;
  /** The languages of the answer, for models that take a list of them. Without hints, English. */
  languages: string[] | undefined;
}

const FORMATS = ["json", "text", "srt", "verbose_json", "vtt"];

/** Reads the fields. Throws OpenAI's 400 when one is invalid. */
export function readTranscription(endpoint: AudioEndpoint, fields: JsonObject, moment: Date): TranscriptionRequest {
  const text = (name: string, fallback = "") => (typeof fields[name] === "string" ? fields[name] : fallback);
  if (fields["model"] === undefined) throw missingParameter("model");
  const model = findModel(text("model"), moment);
  const facts = model.card as Card & AudioFacts;
  if (!model.card.endpoints.includes(endpoint)) {
    const message = `Invalid model \`${model.name}\`. The model must be compatible with this API.`;
    throw invalidRequest(message, "model", "invalid_value");
  }
  const format = text("response_format", "json");
  if (!FORMATS.includes(format)) throw invalidValue("response_format", format, FORMATS);
  const refused = facts.refuses?.[endpoint] ?? [];
  const hasTimestamps = !refused.includes("timestamp_granularities");
  if (!hasTimestamps && format !== "json" && format !== "text") {
    const message = `response_format '${format}' is not compatible with model '${model.snapshotId}'. Use 'json' or 'text' instead.`;
    throw invalidRequest(message, "response_format", "unsupported_value");
  }
  const temperature = Number(text("temperature", "0"));
  if (!(temperature >= 0 && temperature <= 1)) throw invalidValue("temperature", fields["temperature"], ["0..1"]);
  const listOf = (name: string) => (Array.isArray(fields[name]) ? (fields[name] as string[]) : []);
  return {
    model,
    format,
    stream: text("stream") === "true" && facts.features?.includes("streaming") === true,
    prompt: text("prompt"),
    isPricedByTime: facts.prices?.minute_of_audio !== undefined,
    maxSeconds: facts.max_audio_seconds ?? Infinity,
    granularities: listOf("timestamp_granularities[]"),
    logprobs: listOf("include[]").includes("logprobs"),
    languages: refused.includes("language") ? hintsOr(listOf("languages[]"), "en") : undefined,
  };
}

const hintsOr = (hints: string[], heard: string) => (hints.length > 0 ? hints : [heard]);
