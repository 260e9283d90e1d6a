// Model cards: all facts of one model from its provider's page.
// Part of the catalog schema.

import * as v from "valibot";
import type { Endpoint } from "./endpoints.ts";
import { ENDPOINTS } from "./endpoints.ts";

/** Features of models: catalog value → title on the provider's page. */
export const MODEL_FEATURES = {
  streaming: "Streaming",
  function_calling: "Function calling",
  structured_outputs: "Structured outputs",
  file_search: "File search",
  file_uploads: "File uploads",
  image_input: "Image input",
  prompt_caching: "Prompt caching",
  evals: "Evals",
  stored_completions: "Stored completions",
  fine_tuning: "Fine-tuning",
  distillation: "Distillation",
  predicted_outputs: "Predicted outputs",
} as const;

/** Tools that a model can use with Responses: catalog value → title on the provider's page. */
export const MODEL_TOOLS = {
  function_calling: "Function calling",
  web_search: "Web search",
  file_search: "File search",
  image_generation: "Image generation",
  code_interpreter: "Code interpreter",
  hosted_shell: "Hosted shell",
  apply_patch: "Apply patch",
  skills: "Skills",
  computer_use: "Computer use",
  mcp: "MCP",
  tool_search: "Tool search",
} as const;

export const MODALITIES = { text: "Text", image: "Image", audio: "Audio", video: "Video" } as const;

export type ModelFeature = keyof typeof MODEL_FEATURES;
export type ModelTool = keyof typeof MODEL_TOOLS;
export type Modality = keyof typeof MODALITIES;

export const CatalogName = v.pipe(v.string(), v.regex(/^[\w.:-]{1,100}$/, "must be letters, digits, . _ : -"));
/** Characters. Names of repositories and of deployments in a cloud are long. */
export const MAX_MODEL_NAME_LENGTH = 200;
/**
 * The name of a snapshot or of an alias. Providers name models `org/model`, `@cf/org/model` and `model@date`. It is the
 * last part of a URL, so it has no segment that a URL would drop.
 */
export const ModelName = v.pipe(
  v.string(),
  v.maxLength(MAX_MODEL_NAME_LENGTH),
  v.regex(/^[\w.:@/~+-]*$/, "must be letters, digits, . _ : - / @ ~ +"),
  v.check(
    (name) => !name.split("/").some((part) => /^\.{0,2}$/.test(part)),
    "must not have an empty part, '.' or '..'",
  ),
);
export const Milliseconds = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(3_600_000));
export const WholeNumber = v.pipe(v.number(), v.integer(), v.minValue(0));
const Day = v.pipe(v.string(), v.isoDate());
const Text = v.string();
const Usd = v.pipe(v.number(), v.minValue(0));
/** At least 1: the bound assumes that a long request is never cheaper. */
const Factor = v.pipe(v.number(), v.minValue(1));
/** One to five, as on the provider's page. */
const Rating = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(5));

const keysOf = <Key extends string>(table: Record<Key, unknown>) => v.picklist(Object.keys(table) as Key[]);
const Modalities = v.array(keysOf<Modality>(MODALITIES));
export const EndpointName = keysOf<Endpoint>(ENDPOINTS);

/** US dollars per million tokens of one modality. */
const ModalityRates = v.strictObject({
  input: v.optional(Usd),
  cached_input: v.optional(Usd),
  output: v.optional(Usd),
});

const Rates = {
  /** US dollars per million tokens of text, and of every modality without its own rates. */
  input: v.optional(Usd),
  cached_input: v.optional(Usd),
  cache_write: v.optional(Usd),
  output: v.optional(Usd),
  image: v.optional(ModalityRates),
  audio: v.optional(ModalityRates),
  /** US dollars per minute of audio. */
  minute_of_audio: v.optional(Usd),
  /** US dollars per million characters of text. */
  million_characters: v.optional(Usd),
  /** US dollars per second of video. */
  second_of_video: v.optional(Usd),
  /** US dollars per million training tokens. */
  million_training_tokens: v.optional(Usd),
};

const Prices = v.pipe(
  v.strictObject({
    ...Rates,
    /** Above this many input tokens, all rates of the request are multiplied by these factors. */
    long_context: v.optional(
      v.strictObject({ above_input_tokens: WholeNumber, input_times: Factor, output_times: Factor }),
    ),
    /** Rates of batch requests. */
    batch: v.optional(v.strictObject(Rates)),
  }),
  v.check((prices) => Object.keys(prices).some((name) => name in Rates), "must name a price"),
);

/** One pinned version. The provider stops serving it on `shutdown_date` (UTC). */
const Snapshot = v.strictObject({
  released: v.optional(Day),
  /** The day of the shutdown's announcement. */
  deprecated: v.optional(Day),
  shutdown_date: v.optional(Day),
  /** The alias or snapshot that replaces it behind aliases. */
  successor: v.optional(ModelName),
});

/** The output tokens of one image, by quality. OpenAI's image guide has the formula. */
const ImageOutput = v.strictObject({
  /** Used for `auto` and when the request names none. */
  default_size: v.pipe(v.string(), v.regex(/^\d+x\d+$/, "must be a size such as 1024x1024")),
  default_quality: Text,
  qualities: v.record(
    Text,
    v.union([
      /** The base of the formula, for models that have one. */
      v.strictObject({ formula_base: WholeNumber }),
      /** A ceiling for every size. */
      v.strictObject({ max_tokens: WholeNumber }),
    ]),
  ),
  /** Output tokens of each partial image of a stream. */
  partial_image_tokens: v.optional(WholeNumber, 0),
  /** Output formats. */
  formats: v.optional(v.array(Text), ["png", "jpeg", "webp"]),
});

export const ModelCard = v.strictObject({
  provider: CatalogName,
  name: Text,
  tagline: v.optional(Text, ""),
  description: v.optional(Text),
  /** The provider's page recommends it as the default model. */
  default: v.optional(v.boolean(), false),
  ratings: v.optional(v.strictObject({ reasoning: v.optional(Rating), speed: v.optional(Rating) })),
  /** Models in the quick comparison of the provider's page. */
  compare: v.optional(v.array(ModelName), []),
  context_window: v.optional(WholeNumber),
  max_input_tokens: v.optional(WholeNumber),
  max_output_tokens: v.optional(WholeNumber),
  /** The most bytes of an answer that is not streamed. 16 MB without it. */
  max_answer_bytes: v.optional(WholeNumber),
  knowledge_cutoff: v.optional(Day),
  /**
   * Present for reasoning models. `max_thinking_ms`: the longest time until the first text, where it is longer than
   * `timing.first_byte_ms`.
   */
  reasoning: v.optional(v.strictObject({ efforts: v.array(Text), max_thinking_ms: v.optional(Milliseconds) })),
  /**
   * The highest speed of one answer. An answer without usage is charged as if it was generated at this speed, so a
   * value below the real speed charges too little.
   */
  max_tokens_per_second: v.optional(v.pipe(v.number(), v.minValue(1)), 500),
  prices: v.optional(Prices),
  modalities: v.strictObject({ input: Modalities, output: Modalities }),
  /** The most tokens of one input image. */
  image_tokens: v.optional(WholeNumber),
  /** The output tokens of generated images. Without it, the model generates none here. */
  image_output: v.optional(ImageOutput),
  /** Tokens of a second of audio: of the input, or of the speech in the output. */
  audio_tokens_per_second: v.optional(v.pipe(v.number(), v.minValue(1))),
  /** The longest audio that the model takes, in seconds. */
  max_audio_seconds: v.optional(WholeNumber),
  /** The longest text that a speech model takes, in characters. */
  max_characters: v.optional(WholeNumber),
  /** A ceiling of the output tokens for each character of spoken text. The speech ends there. */
  speech_tokens_per_character: v.optional(v.pipe(v.number(), v.minValue(1))),
  /** The parameter for the output limit in Chat Completions. Some servers support only the older name. */
  output_parameter: v.optional(v.picklist(["max_completion_tokens", "max_tokens"]), "max_completion_tokens"),
  endpoints: v.array(EndpointName),
  features: v.optional(v.array(keysOf<ModelFeature>(MODEL_FEATURES)), []),
  tools: v.optional(v.array(keysOf<ModelTool>(MODEL_TOOLS)), []),
  /** Unsupported parameters, per endpoint. */
  refuses: v.optional(v.record(EndpointName, v.array(Text)), {}),
  /** Per usage tier of the provider's account. */
  rate_limits: v.optional(
    v.record(
      Text,
      v.strictObject({
        requests_per_minute: v.optional(WholeNumber),
        tokens_per_minute: v.optional(WholeNumber),
        batch_queue_tokens: v.optional(WholeNumber),
      }),
    ),
  ),
  /** By the provider's own name for each version. */
  snapshots: v.record(ModelName, Snapshot),
});

export type ModelCard = v.InferOutput<typeof ModelCard>;
