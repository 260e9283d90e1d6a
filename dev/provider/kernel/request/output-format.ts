// Reads the format of the answer: text, any JSON object, or JSON for a schema.
import { isObject, readString } from "../body.ts";
import { invalidType, invalidValue } from "../errors.ts";
import { checkStrictSchema } from "./strict-schema.ts";

export type OutputFormat = { type: "text" | "json_object" } | { type: "json_schema"; name: string; schema: unknown };

/** Reads the format at `path`. Chat Completions has the schema in a field of the format, named by `wrapper`. */
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
