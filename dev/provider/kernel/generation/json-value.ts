// Generates a JSON value for a JSON schema, with the keywords that structured outputs support.
import { isObject, type JsonObject } from "../body.ts";
import { shorten } from "./question.ts";

// Beyond this depth or size lists stay empty and unions take their last option, so that a recursive schema ends.
const DEEP = 6;
const MANY = 500;
const TOO_DEEP = 40;
const TOO_MANY = 5000;

const formats: Record<string, string> = {
  "date-time": "2026-10-01T12:00:00Z",
  date: "2026-10-01",
  time: "12:00:00Z",
  duration: "PT1H",
  email: "someone@example.com",
  hostname: "example.com",
  ipv4: "192.0.2.1",
  ipv6: "2001:db8::1",
  uri: "https://example.com/",
  uuid: "00000000-0000-4000-8000-000000000000",
};

interface Making {
  root: JsonObject;
  words: string[];
  made: number;
  wordsUsed: number;
}

/** Generates a value. Strings are taken from `words` in turn, so the same arguments always give the same value. */
export function valueForSchema(schema: unknown, words: string[]): unknown {
  const making = { root: isObject(schema) ? schema : {}, words, made: 0, wordsUsed: 0 };
  return makeValue(schema, making, 0);
}

function makeValue(schema: unknown, making: Making, depth: number): unknown {
  if (!isObject(schema) || depth > TOO_DEEP || making.made > TOO_MANY) return null;
  making.made++;
  const ending = depth > DEEP || making.made > MANY;
  if (typeof schema["$ref"] === "string") return makeValue(follow(schema["$ref"], making.root), making, depth + 1);
  if ("const" in schema) return schema["const"];
  if (Array.isArray(schema["enum"])) return schema["enum"][0] ?? null;
  const options = schema["anyOf"] ?? schema["oneOf"];
  if (Array.isArray(options)) return makeValue(ending ? options.at(-1) : options[0], making, depth + 1);
  if (Array.isArray(schema["allOf"])) return makeValue(Object.assign({}, ...schema["allOf"]), making, depth + 1);
  switch (typeOf(schema)) {
    case "object":
      return makeObject(schema, making, depth, ending);
    case "array":
      return makeArray(schema, making, depth, ending);
    case "string":
      return makeString(schema, making);
    case "integer":
      return makeInteger(schema);
    case "number":
      return makeNumber(schema);
    case "boolean":
      return true;
    default:
      return null;
  }
}

function typeOf(schema: JsonObject): unknown {
  const type: unknown = schema["type"];
  if (Array.isArray(type)) return type[0];
  return type ?? (isObject(schema["properties"]) ? "object" : undefined);
}

function follow(reference: string, root: JsonObject): unknown {
  let place: unknown = root;
  for (const step of reference.split("/").slice(1)) {
    const name = decodeURIComponent(step).replaceAll("~1", "/").replaceAll("~0", "~");
    place = isObject(place) && Object.hasOwn(place, name) ? place[name] : undefined;
  }
  return place;
}

function makeObject(schema: JsonObject, making: Making, depth: number, ending: boolean): JsonObject {
  const properties = isObject(schema["properties"]) ? schema["properties"] : {};
  const required = Array.isArray(schema["required"]) ? schema["required"] : [];
  const names = Object.keys(properties).filter((name) => !ending || required.includes(name));
  return Object.fromEntries(names.map((name) => [name, makeValue(properties[name], making, depth + 1)]));
}

function makeArray(schema: JsonObject, making: Making, depth: number, ending: boolean): unknown[] {
  const length = Math.min(bound(schema, "minItems", ending ? 0 : 1), MANY);
  return Array.from({ length }, () => makeValue(schema["items"] ?? { type: "string" }, making, depth + 1));
}

function makeString(schema: JsonObject, making: Making): string {
  const format = formats[String(schema["format"])];
  if (format !== undefined) return format;
  const word = making.words[making.wordsUsed++ % Math.max(making.words.length, 1)] ?? "emulated";
  const padded = word.padEnd(Math.min(bound(schema, "minLength", 0), TOO_MANY), ".");
  return shorten(padded, bound(schema, "maxLength", Infinity));
}

function makeInteger(schema: JsonObject): number {
  const lowest = Math.max(bound(schema, "minimum", -Infinity), bound(schema, "exclusiveMinimum", -Infinity) + 1);
  const highest = Math.min(bound(schema, "maximum", Infinity), bound(schema, "exclusiveMaximum", Infinity) - 1);
  const step = bound(schema, "multipleOf", 1);
  return Math.ceil(Math.max(Math.min(1, highest), lowest) / step) * step;
}

function makeNumber(schema: JsonObject): number {
  const lowest = Math.max(bound(schema, "minimum", -Infinity), bound(schema, "exclusiveMinimum", -Infinity));
  const highest = Math.min(bound(schema, "maximum", Infinity), bound(schema, "exclusiveMaximum", Infinity));
  if (lowest < 1.5 && highest > 1.5) return 1.5;
  if (Number.isFinite(lowest) && Number.isFinite(highest)) return (lowest + highest) / 2;
  return Number.isFinite(lowest) ? lowest + 0.5 : highest - 0.5;
}

function bound(schema: JsonObject, name: string, fallback: number): number {
  return typeof schema[name] === "number" ? schema[name] : fallback;
}
