// Readers for the fields of a JSON body.
// Each throws OpenAI's 400 for a value of the wrong type.
import type { Context } from "hono";
import type { Env } from "./env.ts";
import { emptyArray, invalidRequest, invalidType, missingParameter } from "./errors.ts";

export type JsonObject = Record<string, unknown>;

/** True for a JSON object, false for null and arrays. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Reads the body of a request as a JSON object. */
export async function readBody(c: Context<Env>): Promise<JsonObject> {
  const body = await c.req.json<unknown>().catch(() => undefined);
  if (isObject(body)) return body;
  throw invalidRequest(
    "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP library " +
      "correctly. The OpenAI API expects a JSON payload, but what was sent was not valid JSON.)",
  );
}

/** Throws a 400 for the first field that is not in `known`. `path` precedes the field's name in the error. */
export function refuseUnknown(body: JsonObject, known: ReadonlySet<string>, path = ""): void {
  for (const name of Object.keys(body)) {
    if (known.has(name)) continue;
    throw invalidRequest(`Unknown parameter: '${path}${name}'.`, `${path}${name}`, "unknown_parameter");
  }
}

/** Reads a required string. */
export function readString(body: JsonObject, name: string, path = name): string {
  const value = body[name];
  if (value === undefined || value === null) throw missingParameter(path);
  if (typeof value !== "string") throw invalidType(path, "a string", value);
  return value;
}

/** Reads a boolean. Absent and null mean `fallback`. */
export function readBoolean(body: JsonObject, name: string, fallback: boolean, path = name): boolean {
  const value = body[name] ?? fallback;
  if (typeof value !== "boolean") throw invalidType(path, "a boolean", value);
  return value;
}

/** Reads an integer from `minimum` to `maximum`. Absent and null mean `undefined`. */
export function readInteger(body: JsonObject, name: string, maximum = Infinity, minimum = 1): number | undefined {
  const value = body[name] ?? undefined;
  if (value === undefined) return undefined;
  if (typeof value !== "number" || !Number.isInteger(value)) throw invalidType(name, "an integer", value);
  if (value < minimum) {
    const fault = `integer below minimum value. Expected a value >= ${minimum}, but got ${value} instead.`;
    throw invalidRequest(`Invalid '${name}': ${fault}`, name, "integer_below_min_value");
  }
  if (value <= maximum) return value;
  const fault = `integer above maximum value. Expected a value <= ${maximum}, but got ${value} instead.`;
  throw invalidRequest(`Invalid '${name}': ${fault}`, name, "integer_above_max_value");
}

/** Reads a list of objects. Absent and null mean an empty list. */
export function readObjects(body: JsonObject, name: string, path = name): JsonObject[] {
  const value = body[name] ?? [];
  if (!Array.isArray(value)) throw invalidType(path, "an array of objects", value);
  return value.map((entry: unknown, index) => {
    if (!isObject(entry)) throw invalidType(`${path}[${index}]`, "an object", entry);
    return entry;
  });
}

/** Reads a list of objects that may be absent, but not empty. */
export function readSomeObjects(body: JsonObject, name: string, path = name): JsonObject[] {
  const objects = readObjects(body, name, path);
  if (objects.length === 0 && Array.isArray(body[name])) throw emptyArray(path);
  return objects;
}

/** Reads the URL of an image. Throws a 400 for a data URL whose bytes are not in padded base64. */
export function readImageUrl(image: JsonObject, name: string, path: string): string {
  const url = readString(image, name, path);
  if (!url.startsWith("data:")) return url;
  const comma = url.indexOf(",");
  const bytes = url.slice(comma + 1);
  // A pattern with repetitions could overflow the stack for an image of megabytes.
  const isBase64 = !/[^A-Za-z0-9+/=]|=[^=]|===/.test(bytes) && bytes !== "" && bytes.length % 4 === 0;
  if (isBase64 && url.slice(0, comma).endsWith(";base64")) return url;
  throw invalidRequest("Invalid base64 image_url.", path, "invalid_image_url");
}
