// JSON request bodies: bounds before parsing, then schema validation.

import * as v from "valibot";
import { ApiError, apiError } from "../errors.ts";
import type { CountedJson } from "./json-bounds.ts";
import { requireBoundedJson } from "./json-bounds.ts";
import { takeBody } from "./request-bytes.ts";
import { toWords } from "./validation-words.ts";

/** Longest field path echoed in an error. */
const MAX_PATH_LENGTH = 100;

/**
 * Reads, parses and validates the body of `c.req`. Throws 400 with the name of the invalid field, and 408, 413 and 415.
 */
export async function readBody<const Schema extends v.GenericSchema>(
  { raw }: { raw: Request },
  schema: Schema,
): Promise<v.InferOutput<Schema>> {
  if (/^multipart\//i.test(raw.headers.get("content-type") ?? "")) {
    throw apiError("unsupported_media_type", "This route takes no form. Send the fields as one JSON object.");
  }
  const body = parse(await takeBody(raw));
  // To a schema of an object, a list is one without fields.
  if (Array.isArray(body) && schema.expects === "Object") {
    throw apiError("invalid_request", "The body must be an object.");
  }
  return validate(schema, body);
}

/** Validates a caller's value. Throws 400 with the name of the invalid field. */
export function validate<const Schema extends v.GenericSchema>(schema: Schema, input: unknown): v.InferOutput<Schema> {
  const parsed = v.safeParse(schema, input, { abortEarly: true, message: toWords });
  if (!parsed.success) throw toInvalid(parsed.issues[0]);
  return parsed.output;
}

function parse(raw: Uint8Array<ArrayBuffer>): unknown {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(raw);
    // Frees the bytes now. A garbage collection may come many large bodies later.
    raw.buffer.transfer(0);
    return parseBoundedJson(text);
  } catch (cause) {
    if (cause instanceof ApiError) throw cause;
    throw apiError("invalid_json", "The body is not valid JSON.", { cause });
  }
}

/**
 * Parses a caller's JSON. Throws 400 when it is too deep or too large when parsed, and a SyntaxError when it is not
 * valid. Several texts of one body share `counted`.
 */
export function parseBoundedJson(text: string, counted: CountedJson = { fields: 0, entries: 0 }): unknown {
  requireBoundedJson(text, counted);
  return JSON.parse(text);
}

function toInvalid(issue: v.BaseIssue<unknown>) {
  const path = v.getDotPath(issue)?.slice(0, MAX_PATH_LENGTH);
  const unknown = issue.type === "strict_object" && issue.expected === "never";
  const missing = issue.received === "undefined";
  const message = unknown
    ? `'${path}' is not supported here. Leave it out.`
    : missing && path
      ? `'${path}' is required.`
      : `${path ? `'${path}'` : "The body"} ${issue.message}.`;
  return apiError(unknown ? "unsupported_parameter" : "invalid_request", message, path ? { param: path } : {});
}
