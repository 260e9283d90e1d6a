// The schemas of POST /v1/audio/transcriptions and /translations, whose form fields are texts.

import * as v from "valibot";
import { MAX_MODEL_NAME_LENGTH } from "../../core/catalog/card.ts";
import { apiError } from "../../core/errors.ts";
import { listOf, textUpTo } from "../../core/http/bounded-schemas.ts";
import { validate } from "../../core/http/json-body.ts";
import type { FormFields } from "../../core/http/multipart.ts";

const MAX_ENTRIES = 50;

/** A boolean as text. Some clients write `True`. */
const Flag = v.pipe(
  v.string(),
  v.toLowerCase(),
  v.picklist(["true", "false"]),
  v.transform((text) => text === "true"),
);
const Temperature = v.pipe(
  v.string(),
  v.regex(/^(\d+\.?\d*|\.\d+)$/, "must be a number"),
  v.transform(Number),
  v.maxValue(1),
);

const TRANSLATION_FIELDS = {
  model: v.pipe(v.string(), v.maxLength(MAX_MODEL_NAME_LENGTH)),
  prompt: v.optional(v.string()),
  response_format: v.optional(v.picklist(["json", "text", "srt", "verbose_json", "vtt"]), "json"),
  temperature: v.optional(Temperature),
};

const TRANSCRIPTION_FIELDS = {
  ...TRANSLATION_FIELDS,
  language: v.optional(textUpTo(100)),
  "languages[]": v.optional(listOf(textUpTo(100), MAX_ENTRIES)),
  "keywords[]": v.optional(listOf(textUpTo(1000), MAX_ENTRIES)),
  "timestamp_granularities[]": v.optional(listOf(v.picklist(["word", "segment"]), 2)),
  "include[]": v.optional(listOf(v.picklist(["logprobs"]), 1)),
  stream: v.optional(Flag),
  /** `auto` or JSON. The provider validates it. */
  chunking_strategy: v.optional(textUpTo(1000)),
};

const SCHEMAS = {
  transcription: v.strictObject(TRANSCRIPTION_FIELDS),
  translation: v.strictObject(TRANSLATION_FIELDS),
};

/** The endpoints of this feature. */
export type AudioEndpoint = keyof typeof SCHEMAS;

export type TranscriptionRequest = v.InferOutput<typeof SCHEMAS.translation> &
  Partial<v.InferOutput<typeof SCHEMAS.transcription>>;

/** Validates the text fields of a form. Throws 400 with the name of the invalid field. */
export function readTranscriptionRequest(endpoint: AudioEndpoint, fields: FormFields): TranscriptionRequest {
  const request: TranscriptionRequest = validate(SCHEMAS[endpoint], fields);
  const { response_format: format, stream } = request;
  if (request["timestamp_granularities[]"] && format !== "verbose_json") {
    const message =
      "'timestamp_granularities[]' needs the response_format 'verbose_json'. Set it, or leave out the granularities.";
    throw apiError("unsupported_value", message, { param: "timestamp_granularities[]" });
  }
  if (stream && format !== "json" && format !== "text") {
    const message = `A stream cannot have the response_format '${format}'. Leave out one of the two.`;
    throw apiError("unsupported_value", message, { param: "response_format" });
  }
  return request;
}
