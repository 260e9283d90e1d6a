// Reads one line of a batch: its form, and the JSON that both Weir and the provider must read in the same way.

import * as v from "valibot";
import { apiError } from "../../core/errors.ts";
import { textUpTo } from "../../core/http/bounded-schemas.ts";
import { validate } from "../../core/http/json-body.ts";
import { parseLine } from "./file-lines.ts";

/** OpenAI documents no limit of ids. */
const MAX_ID_LENGTH = 512;

const BatchLine = v.strictObject({
  custom_id: v.pipe(textUpTo(MAX_ID_LENGTH), v.minLength(1)),
  method: v.literal("POST"),
  url: textUpTo(100),
  body: v.looseObject({ model: textUpTo(200) }),
});

export type BatchLine = v.InferOutput<typeof BatchLine>;

/** Creates the 400 for the content of a batch line. `inLine` adds the number. */
export const batchLineFault = (message: string, param: string) => apiError("invalid_request", message, { param });

/** Parses a line. Throws 400 for invalid JSON, another form, a field that it has twice, and files by id. */
export function readBatchLine(text: string): BatchLine {
  const counted = { fields: 0, entries: 0 };
  const json = parseLine(text, counted);
  if (Array.isArray(json)) throw batchLineFault("it is no object. Send one JSON object per line.", "file");
  const line = validate(BatchLine, json);
  // Parsers differ in which of two equal fields they keep, so the provider could run what was not checked.
  if (countFields(json) !== counted.fields)
    throw batchLineFault("a field stands twice in an object. Leave one out.", "file");
  return line;
}

/** Counts fields, objects and lists, as `parseBoundedJson` counts them in the text. */
function countFields(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  if (Array.isArray(value)) return value.reduce<number>((sum, entry) => sum + countFields(entry), 1);
  return Object.entries(value).reduce((sum, [name, field]) => {
    if (name === "file_id" && typeof field === "string") throw fileRefused();
    return sum + 1 + countFields(field);
  }, 1);
}

const fileRefused = () =>
  batchLineFault(
    "'file_id' is not possible in a batch: the tokens of a file have no known bound. Send its text.",
    "file_id",
  );
