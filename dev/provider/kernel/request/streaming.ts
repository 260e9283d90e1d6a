// Reads `stream`, `stream_options` and `service_tier`, which both dialects share.
import { isObject, type JsonObject, readBoolean, refuseUnknown } from "../body.ts";
import { invalidRequest, invalidType } from "../errors.ts";

export interface Streaming {
  stream: boolean;
  includeUsage: boolean;
  obfuscated: boolean;
}

/** Reads `stream` and `stream_options`. Options outside `known` are refused. */
export function readStreaming(body: JsonObject, known: readonly string[]): Streaming {
  const stream = readBoolean(body, "stream", false);
  const options = body["stream_options"] ?? {};
  if (!isObject(options)) throw invalidType("stream_options", "an object", options);
  if (!stream && isObject(body["stream_options"])) {
    throw invalidRequest("The 'stream_options' parameter is only allowed when 'stream' is enabled.", "stream_options");
  }
  refuseUnknown(options, new Set(known), "stream_options.");
  return {
    stream,
    includeUsage: readBoolean(options, "include_usage", false, "stream_options.include_usage"),
    obfuscated: readBoolean(options, "include_obfuscation", true, "stream_options.include_obfuscation"),
  };
}

/** The service tier that answers. `auto` and an absent value mean `default`. */
export function readServiceTier(body: JsonObject): string {
  const tier = body["service_tier"] ?? "auto";
  return typeof tier !== "string" || tier === "auto" ? "default" : tier;
}
