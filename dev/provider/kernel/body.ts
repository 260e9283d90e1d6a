// What a JSON request carries, and the checks that every endpoint makes in the same way. The rules of one endpoint's
// fields are in that endpoint's file.
import type { Context } from "hono";
import type { Env } from "./env.ts";
import { emptyArray, invalidRequest, invalidType, missingParameter } from "./errors.ts";

export type JsonObject = Record<string, unknown>;

/** Whether a JSON value is an object (neither null nor an array). */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The body of a request as a JSON object. Throws OpenAI's 400 when it is anything else. */
export async function readBody(c: Context<Env>): Promise<JsonObject> {
  const body = await c.req.json<unknown>().catch(() => undefined);
  if (isObject(body)) return body;
  throw invalidRequest(
    "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP library " +
      "correctly. The OpenAI API expects a JSON payload, but what was sent was not valid JSON.)",
  );
}

/** Throws OpenAI's 400 for the first field that `known` does not name. `path` is put in front of the field's name. */
export function refuseUnknown(body: JsonObject, known: ReadonlySet<string>, path = ""): void {
  for (const name of Object.keys(body)) {
    if (known.has(name)) continue;
    throw invalidRequest(`Unknown parameter: '${path}${name}'.`, `${path}${name}`, "unknown_parameter");
  }
}

/** A string that must be there. */
export function readString(body: JsonObject, name: string, path = name): string {
  const value = body[name];
  if (value === undefined || value === null) throw missingParameter(path);
  if (typeof value !== "string") throw invalidType(path, "a string", value);
  return value;
}

/** A boolean; absent and null mean `fallback`. */
export function readBoolean(body: JsonObject, name: string, fallback: boolean, path = name): boolean {
  const value = body[name] ?? fallback;
  if (typeof value !== "boolean") throw invalidType(path, "a boolean", value);
  return value;
}

/** An integer from `minimum` to `maximum`; absent and null are `undefined`. */
export function readInteger(body: JsonObject, name: string, maximum = Infinity, minimum = 1): number | undefined {
  const value = body[name] ?? undefined;
  if (value === undefined) return undefined;
  if (typeof value !== "number" || !Number.isInteger(value)) throw invalidType(name, "an integer", value);
  if (value < minimum) {
    const message = `Invalid '${name}': integer below minimum value. Expected a value >= ${minimum}, but got ${value} instead.`;
    throw invalidRequest(message, name, "integer_below_min_value");
  }
  if (value <= maximum) return value;
  const message = `Invalid '${name}': integer above maximum value. Expected a value <= ${maximum}, but got ${value} instead.`;
  throw invalidRequest(message, name, "integer_above_max_value");
}

/** A list of objects; absent and null are an empty list. */
export function readObjects(body: JsonObject, name: string, path = name): JsonObject[] {
  const value = body[name] ?? [];
  if (!Array.isArray(value)) throw invalidType(path, "an array of objects", value);
  return value.map((entry: unknown, index) => {
    if (!isObject(entry)) throw invalidType(`${path}[${index}]`, "an object", entry);
    return entry;
  });
}

/** A list of objects that may be left out, but not be empty. */
export function readSomeObjects(body: JsonObject, name: string, path = name): JsonObject[] {
  const objects = readObjects(body, name, path);
  if (objects.length === 0 && Array.isArray(body[name])) throw emptyArray(path);
  return objects;
}

/**
 * The address of an image. Throws a 400 for a data URL whose bytes are not in padded base64: OpenAI says so in these words,
 * the code is that of its other errors about an image's address.
 */
export function readImageUrl(image: JsonObject, name: string, path: string): string {
  const url = readString(image, name, path);
  if (!url.startsWith("data:")) return url;
  const comma = url.indexOf(",");
  const bytes = url.slice(comma + 1);
  // No pattern with repetitions: they could run out of stack in an image of megabytes.
  const isBase64 = !/[^A-Za-z0-9+/=]|=[^=]|===/.test(bytes) && bytes !== "" && bytes.length % 4 === 0;
  if (isBase64 && url.slice(0, comma).endsWith(";base64")) return url;
  throw invalidRequest("Invalid base64 image_url.", path, "invalid_image_url");
}
