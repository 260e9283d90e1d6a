// A request's JSON body: bounded in bytes and depth before it is parsed, then held against a schema.

import type { MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import * as v from "valibot";
import { ApiError, apiError } from "../errors.ts";

const MEGABYTE = 1024 * 1024;
const DEEPEST_BODY = 32;
/** Of a field's name, so much is said back. */
const LONGEST_PATH = 100;
/** The most characters of a number without an exponent in JavaScript's JSON: a sign and twenty-one digits. */
const LONGEST_NUMBER = 22;

/** Middleware that answers a longer body with 413. The default has room for a photograph as a data URL. */
export function limitBody(megabytes = 4): MiddlewareHandler {
  return bodyLimit({
    maxSize: megabytes * MEGABYTE,
    onError: () => {
      throw apiError("body_too_large", `The body is larger than ${megabytes} MB. Send less, or smaller images.`);
    },
  });
}

/**
 * The validated body and the most bytes that it has as JSON, here or written anew. Throws 400, naming the field that is
 * wrong.
 */
export async function readBody<const Schema extends v.GenericSchema>(
  request: Request,
  schema: Schema,
): Promise<{ body: v.InferOutput<Schema>; bytes: number }> {
  const raw = await request.arrayBuffer();
  const { json, exponents } = parse(raw);
  const parsed = v.safeParse(schema, json, { abortEarly: true });
  if (!parsed.success) throw toInvalid(parsed.issues[0]);
  return { body: parsed.output, bytes: raw.byteLength + exponents * LONGEST_NUMBER };
}

function parse(raw: ArrayBuffer): { json: unknown; exponents: number } {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(raw);
    const exponents = scan(text);
    return { json: JSON.parse(text), exponents };
  } catch (cause) {
    if (cause instanceof ApiError) throw cause;
    throw apiError("invalid_json", "The body is not valid JSON.", { cause });
  }
}

/**
 * Refuses a body that is nested too deep for recursive code, and counts its exponents: `1e20` is written anew as
 * twenty-one digits. Looks outside of strings only.
 */
function scan(text: string): number {
  let depth = 0;
  let exponents = 0;
  for (let index = 0; index < text.length; index++) {
    const unit = text[index];
    if (unit === '"') index = endOfString(text, index);
    else if (unit === "{" || unit === "[") depth += 1;
    else if (unit === "}" || unit === "]") depth -= 1;
    else if ((unit === "e" || unit === "E") && /\d/.test(text[index - 1] ?? "")) exponents += 1;
    if (depth > DEEPEST_BODY) {
      throw apiError("invalid_request", `The body is nested more than ${DEEPEST_BODY} levels deep.`);
    }
  }
  return exponents;
}

/** Where the string that begins at `start` ends. Jumps from quote to quote, since an image is one long string. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text[end - 1 - slashes] === "\\") slashes += 1;
    if (slashes % 2 === 0) return end;
  }
  return text.length;
}

function toInvalid(issue: v.BaseIssue<unknown>) {
  const path = v.getDotPath(issue)?.slice(0, LONGEST_PATH);
  const unknown = issue.type === "strict_object" && issue.expected === "never";
  const missing = issue.received === "undefined";
  const message = unknown
    ? `'${path}' is not supported here. Leave it out.`
    : missing && path
      ? `'${path}' is required.`
      : `${path ? `'${path}'` : "The body"} is not valid: ${issue.message}`;
  return apiError(unknown ? "unsupported_parameter" : "invalid_request", message, path ? { param: path } : {});
}
