// The metadata that a caller gives to what is stored.
import { isObject, type JsonObject } from "../kernel/body.ts";
import { invalidType } from "../kernel/errors.ts";

/** The `metadata` of a body; absent and null are none. Throws the 400 for values that are no strings. */
export function readMetadata(body: JsonObject): JsonObject {
  const metadata = body["metadata"] ?? {};
  if (!isObject(metadata)) throw invalidType("metadata", "an object", metadata);
  for (const [key, value] of Object.entries(metadata)) {
    if (typeof value !== "string") throw invalidType(`metadata.${key}`, "a string", value);
  }
  return metadata;
}
