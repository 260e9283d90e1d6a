// Checks that a `strict` schema has closed objects which require all their properties.
// It does not check which other keywords the schema has.
import { isObject, type JsonObject } from "../body.ts";
import { invalidRequest } from "../errors.ts";

/** Throws OpenAI's 400 for a schema that is not strict. `owner` is, for example, "function 'look'". */
export function checkStrictSchema(schema: unknown, owner: string, param: string): void {
  const type = isObject(schema) ? schema["type"] : undefined;
  const fault =
    isObject(schema) && type === "object"
      ? findFault(schema, [])
      : `schema must be a JSON Schema of 'type: "object"', got 'type: "${typeof type === "string" ? type : "None"}"'.`;
  if (fault !== undefined) throw invalidRequest(`Invalid schema for ${owner}: ${fault}`, param);
}

function findFault(schema: JsonObject, steps: string[]): string | undefined {
  const fault = isObjectSchema(schema) ? findObjectFault(schema) : undefined;
  if (fault !== undefined) return `In context=(${steps.map((step) => `'${step}'`).join(", ")}), ${fault}`;
  const parts: [steps: string[], part: unknown][] = ["properties", "anyOf", "$defs"].flatMap((keyword) =>
    Object.entries(schema[keyword] ?? {}).map(([name, part]): [string[], unknown] => [[keyword, name], part]),
  );
  for (const [inner, part] of [...parts, [["items"], schema["items"]] as const]) {
    const found = isObject(part) ? findFault(part, [...steps, ...inner]) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

function isObjectSchema({ type, properties }: JsonObject): boolean {
  return type === "object" || (Array.isArray(type) ? type.includes("object") : isObject(properties));
}

function findObjectFault({ properties, required, additionalProperties }: JsonObject): string | undefined {
  if (additionalProperties !== false) return "'additionalProperties' is required to be supplied and to be false.";
  const named: unknown[] = Array.isArray(required) ? required : [];
  const missing = Object.keys(properties ?? {}).find((name) => !named.includes(name));
  if (missing === undefined) return undefined;
  return (
    "'required' is required to be supplied and to be an array including every key in properties. " +
    `Missing '${missing}'.`
  );
}
