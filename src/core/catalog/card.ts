// Model cards: every fact of one model, as its provider's page shows it. Part of the catalog schema.

import * as v from "valibot";
import type { Endpoint } from "./endpoints.ts";
import { ENDPOINTS } from "./endpoints.ts";

/** What a model can do: the words of cards, with the titles of the provider's pages. */
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

/** Tools that a model can use over Responses: the words of cards, with the titles of the provider's pages. */
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
export const TokenCount = v.pipe(v.number(), v.integer(), v.minValue(0));
const Day = v.pipe(v.string(), v.isoDate());
const Text = v.string();
const Usd = v.pipe(v.number(), v.minValue(0));
/** At least 1: the bound takes a long request for the dearer one. */
const Factor = v.pipe(v.number(), v.minValue(1));
/** Marks out of five, as on the provider's page. */
const Rating = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(5));

const wordsOf = <Word extends string>(table: Record<Word, unknown>) => v.picklist(Object.keys(table) as Word[]);
const Modalities = v.array(wordsOf<Modality>(MODALITIES));
export const EndpointName = wordsOf<Endpoint>(ENDPOINTS);

/** US dollars for one million tokens of one modality. */
const ModalityRates = v.strictObject({
  input: v.optional(Usd),
  cached_input: v.optional(Usd),
  output: v.optional(Usd),
});

const Rates = {
  /** US dollars for one million tokens of text, and of every modality without rates of its own. */
  input: v.optional(Usd),
  cached_input: v.optional(Usd),
  cache_write: v.optional(Usd),
  output: v.optional(Usd),
  image: v.optional(ModalityRates),
  audio: v.optional(ModalityRates),
  /** US dollars for a minute of audio. */
  minute_of_audio: v.optional(Usd),
  /** US dollars for one million characters of text. */
  million_characters: v.optional(Usd),
  /** US dollars for a second of video. */
  second_of_video: v.optional(Usd),
  /** US dollars for one million training tokens. */
  million_training_tokens: v.optional(Usd),
};

const Prices = v.pipe(
  v.strictObject({
    ...Rates,
    /** Above this many input tokens the whole request costs the rates times these factors. */
    long_context: v.optional(
      v.strictObject({ above_input_tokens: TokenCount, input_times: Factor, output_times: Factor }),
    ),
    /** The rates of batches. */
    batch: v.optional(v.strictObject(Rates)),
  }),
  v.check((prices) => Object.keys(prices).some((name) => name in Rates), "must name a price"),
);

/** One pinned version. From `shutdown_date` (UTC) on the provider no longer serves it. */
const Snapshot = v.strictObject({
  released: v.optional(Day),
  /** The day on which the shutdown was announced. */
  deprecated: v.optional(Day),
  shutdown_date: v.optional(Day),
  /** The alias or snapshot that aliases move on to. */
  successor: v.optional(CatalogName),
});

export const ModelCard = v.strictObject({
  provider: CatalogName,
  name: Text,
  tagline: v.optional(Text, ""),
  description: v.optional(Text),
  /** The provider's page marks it as the model to begin with. */
  default: v.optional(v.boolean(), false),
  ratings: v.optional(v.strictObject({ reasoning: v.optional(Rating), speed: v.optional(Rating) })),
  /** Models that the page's quick comparison sets beside it. */
  compare: v.optional(v.array(CatalogName), []),
  context_window: v.optional(TokenCount),
  max_input_tokens: v.optional(TokenCount),
  max_output_tokens: v.optional(TokenCount),
  knowledge_cutoff: v.optional(Day),
  /** Present when the model reasons. `allowance`: hidden tokens assumed of an answer whose usage never came. */
  reasoning: v.optional(v.strictObject({ efforts: v.array(Text), allowance: v.optional(TokenCount, 1024) })),
  prices: v.optional(Prices),
  modalities: v.strictObject({ input: Modalities, output: Modalities }),
  /** The most tokens that one input image can cost. */
  image_tokens: v.optional(TokenCount),
  /** How Chat Completions is told the output bound; servers that only know the older name need it here. */
  output_parameter: v.optional(v.picklist(["max_completion_tokens", "max_tokens"]), "max_completion_tokens"),
  endpoints: v.array(EndpointName),
  features: v.optional(v.array(wordsOf<ModelFeature>(MODEL_FEATURES)), []),
  tools: v.optional(v.array(wordsOf<ModelTool>(MODEL_TOOLS)), []),
  /** Parameters that the model refuses, per endpoint. */
  refuses: v.optional(v.record(EndpointName, v.array(Text)), {}),
  /** Per tier of the provider's account. */
  rate_limits: v.optional(
    v.record(
      Text,
      v.strictObject({
        requests_per_minute: v.optional(TokenCount),
        tokens_per_minute: v.optional(TokenCount),
        batch_queue_tokens: v.optional(TokenCount),
      }),
    ),
  ),
  snapshots: v.record(CatalogName, Snapshot),
});

export type ModelCard = v.InferOutput<typeof ModelCard>;
