// Schemas of request fields in OpenAI's dialects, with OpenAI's own bounds where it documents them.

import * as v from "valibot";
import { listOf, mapOf, textUpTo } from "../../core/http/bounded-schemas.ts";
import { textOr } from "../../core/http/text-or.ts";
import { PromptCacheOptions } from "./prompt-cache-options.ts";
import { MAX_TOOLS } from "./request-limits.ts";

const between = (least: number, most: number) => v.pipe(v.number(), v.minValue(least), v.maxValue(most));
const Flag = v.nullish(v.boolean());
const Name = v.nullish(textUpTo(1024));

/** The id of an uploaded file. */
export const FileId = v.pipe(textUpTo(200), v.minLength(1));

export const toolsOf = <Tool extends v.GenericSchema>(tool: Tool) => v.nullish(listOf(tool, MAX_TOOLS));

/** A keyword such as `auto`, or an object that names a tool. */
export const ToolChoice = v.nullish(textOr(v.looseObject({})));

export const Metadata = mapOf(textUpTo(512), 16);

/** Fields with the same meaning in both dialects. */
export const SHARED_FIELDS = {
  temperature: v.nullish(between(0, 2)),
  top_p: v.nullish(between(0, 1)),
  top_logprobs: v.nullish(v.pipe(between(0, 20), v.integer())),
  parallel_tool_calls: Flag,
  tool_choice: ToolChoice,
  metadata: v.nullish(Metadata),
  user: Name,
  safety_identifier: Name,
  prompt_cache_key: Name,
  prompt_cache_retention: Name,
  prompt_cache_options: PromptCacheOptions,
};

/** Fields of Chat Completions only. */
export const CHAT_FIELDS = {
  ...SHARED_FIELDS,
  presence_penalty: v.nullish(between(-2, 2)),
  frequency_penalty: v.nullish(between(-2, 2)),
  stop: v.nullish(textOr(listOf(v.string(), 4))),
  logit_bias: v.nullish(mapOf(between(-100, 100), 2048)),
  logprobs: Flag,
  seed: v.nullish(v.pipe(v.number(), v.integer())),
  functions: v.nullish(listOf(v.looseObject({ name: textUpTo(128) }), MAX_TOOLS)),
  function_call: ToolChoice,
  verbosity: Name,
  prediction: v.nullish(v.looseObject({ type: v.string() })),
};
