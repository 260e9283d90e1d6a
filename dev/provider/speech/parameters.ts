// Readers of the parameters of a speech request. Each throws OpenAI's 400.
import { type JsonObject, readString } from "../kernel/body.ts";
import { invalidRequest, invalidType, invalidValue } from "../kernel/errors.ts";

const MAX_CHARACTERS = 4096;

export const AUDIO_FORMATS = ["mp3", "opus", "aac", "flac", "wav", "pcm"] as const;
export type AudioFormat = (typeof AUDIO_FORMATS)[number];

const VOICES = "alloy ash ballad cedar coral echo fable marin nova onyx sage shimmer verse".split(" ");

/** Reads a text of at most 4,096 characters. */
export function readInput(body: JsonObject, name: string): string {
  const text = readString(body, name);
  if (text === "") throw invalidRequest(`Invalid '${name}': empty string.`, name, "empty_string");
  if (Array.from(text).length <= MAX_CHARACTERS) return text;
  const fault = `string too long. Expected a string with maximum length ${MAX_CHARACTERS}.`;
  throw invalidRequest(`Invalid '${name}': ${fault}`, name, "string_above_max_length");
}

/** Reads the name of a built-in voice. */
export function readVoice(body: JsonObject): string {
  const voice = readString(body, "voice");
  if (VOICES.includes(voice)) return voice;
  throw invalidValue("voice", voice, VOICES);
}

export function readFormat(body: JsonObject): AudioFormat {
  const value = body["response_format"] ?? "mp3";
  const format = AUDIO_FORMATS.find((each) => each === value);
  if (format) return format;
  throw invalidValue("response_format", value, AUDIO_FORMATS);
}

/** Reads the speed, from 0.25 to 4. */
export function readSpeed(body: JsonObject): number {
  const speed = body["speed"] ?? 1;
  if (typeof speed !== "number") throw invalidType("speed", "a number", speed);
  if (speed >= 0.25 && speed <= 4) return speed;
  throw invalidRequest(`Invalid 'speed': ${speed} is not between 0.25 and 4.`, "speed", "invalid_value");
}

export function readStreamFormat(body: JsonObject): "audio" | "sse" {
  const format = body["stream_format"] ?? "audio";
  if (format === "audio" || format === "sse") return format;
  throw invalidValue("stream_format", format, ["audio", "sse"]);
}
