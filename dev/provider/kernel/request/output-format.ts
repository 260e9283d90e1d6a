// What an answer must look like: text, any JSON object, or JSON for a schema. Chat Completions wraps the schema once more
// than Responses does.
import { isObject, readString } from "../body.ts";
import { invalidType, invalidValue } from "../errors.ts";
import { checkStrictSchema } from "./strict-schema.ts";

export type OutputFormat = { type: "text" | "json_object" } | { type: "json_schema"; name: string; schema: unknown };

/** Reads a format at `path`; the schema's name and body are in its field `wrapper` when there is one. Throws OpenAI's 400. */
export function readOutputFormat(value: unknown, path: string, wrapper?: string): OutputFormat {
  const format = value ?? { type: "text" };
  if (!isObject(format)) throw invalidType(path, "an object", format);
  const type = readString(format, "type", `${path}.type`);
  if (type === "text" || type === "json_object") return { type };
  if (type !== "json_schema") throw invalidValue(`${path}.type`, type, ["json_object", "json_schema", "text"]);
  const inner = wrapper === undefined ? format : format[wrapper];
  const wanted = isObject(inner) ? inner : {};
  const name = readString(wanted, "name", wrapper === undefined ? `${path}.name` : `${path}.${wrapper}.name`);
  const { schema, strict } = wanted;
  const place = wrapper === undefined ? `${path}.schema` : path;
  if (strict === true && schema !== undefined) checkStrictSchema(schema, `response_format '${name}'`, place);
  return { type, name, schema };
}
