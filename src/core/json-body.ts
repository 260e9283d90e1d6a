// JSON request bodies: size and depth limits before parsing, then schema validation.

import type { MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import * as v from "valibot";
import { ApiError, apiError } from "./errors.ts";

const MEGABYTE = 1024 * 1024;
const MAX_DEPTH = 32;
/** Longest field path echoed in an error. */
const MAX_PATH_LENGTH = 100;

/** Middleware that rejects longer bodies with 413. The default is large enough for a photo as a data URL. */
export function limitBody(megabytes = 4): MiddlewareHandler {
  return bodyLimit({
    maxSize: megabytes * MEGABYTE,
    onError: () => {
      throw apiError("body_too_large", `The body is larger than ${megabytes} MB. Send less, or smaller images.`);
    },
  });
}

/** Parses and validates the body. Throws 400 with the name of the invalid field. */
export async function readBody<const Schema extends v.GenericSchema>(
  request: { arrayBuffer(): Promise<ArrayBuffer> },
  schema: Schema,
): Promise<v.InferOutput<Schema>> {
  return validate(schema, parse(await request.arrayBuffer()));
}

/** Validates a caller's value. Throws 400 with the name of the invalid field. */
export function validate<const Schema extends v.GenericSchema>(schema: Schema, input: unknown): v.InferOutput<Schema> {
  const parsed = v.safeParse(schema, input, { abortEarly: true });
  if (!parsed.success) throw toInvalid(parsed.issues[0]);
  return parsed.output;
}

function parse(raw: ArrayBuffer): unknown {
  try {
    return parseShallow(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(raw));
  } catch (cause) {
    if (cause instanceof ApiError) throw cause;
    throw apiError("invalid_json", "The body is not valid JSON.", { cause });
  }
}

/** Parses a caller's JSON. Throws 400 when it is nested too deeply for recursive code, and when it is not valid. */
export function parseShallow(text: string): unknown {
  requireShallow(text);
  return JSON.parse(text);
}

/** Rejects bodies that are nested too deeply for recursive code. Ignores brackets inside strings. */
function requireShallow(text: string): void {
  let depth = 0;
  for (let index = 0; index < text.length; index++) {
    const unit = text[index];
    if (unit === '"') index = endOfString(text, index);
    else if (unit === "{" || unit === "[") depth += 1;
    else if (unit === "}" || unit === "]") depth -= 1;
    if (depth > MAX_DEPTH) {
      throw apiError("invalid_request", `The body is nested more than ${MAX_DEPTH} levels deep.`);
    }
  }
}

/** Returns the index of a string's closing quote. Jumps from quote to quote, because an image is one long string. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text[end - 1 - slashes] === "\\") slashes += 1;
    if (slashes % 2 === 0) return end;
  }
  return text.length;
}

function toInvalid(issue: v.BaseIssue<unknown>) {
  const path = v.getDotPath(issue)?.slice(0, MAX_PATH_LENGTH);
  const unknown = issue.type === "strict_object" && issue.expected === "never";
  const missing = issue.received === "undefined";
  const message = unknown
    ? `'${path}' is not supported here. Leave it out.`
    : missing && path
      ? `'${path}' is required.`
      : `${path ? `'${path}'` : "The body"} is not valid: ${issue.message}`;
  return apiError(unknown ? "unsupported_parameter" : "invalid_request", message, path ? { param: path } : {});
}
