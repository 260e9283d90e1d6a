// Parser for the error bodies of OpenAI-compatible providers, in all their forms.

import * as v from "valibot";
import type { ErrorBody } from "../errors.ts";

const NullableText = v.fallback(v.nullish(v.string()), null);

/** The `error` of a provider's response or event: an object, or only its message. */
export const ProviderErrorBody = v.union([
  v.object({ message: NullableText, type: NullableText, param: NullableText, code: NullableText }),
  v.pipe(
    v.string(),
    v.transform((message) => ({ message, type: null, param: null, code: null })),
  ),
]);

/** Codes of a failed response that the request caused. */
const REQUEST_ERROR_CODES = /^invalid_prompt|^context_length_exceeded$|image/;

const CONTEXT_LENGTH = "context_length_exceeded";
/** Messages of a request that is longer than the model's context. Most providers give them no code of their own. */
const TOO_LONG = [
  /\b(maximum|max|exceeds?|exceeded|larger|longer|greater|too (long|large))\b.*\bcontext[ _](length|window|size)/is,
  /\bcontext[ _](length|window|size)\b.*\b(maximum|exceed|exceeds|exceeded|too (long|large|small))\b/is,
  /\bmaximum prompt length\b|\bexceeds the maximum number of tokens\b|\b(prompt|input) is too long\b/i,
  /\btokens \+ `?max_new_tokens\b/i,
];

/** Completes a provider's error with defaults. A context that is too long gets OpenAI's code for it. */
export function toErrorBody(error: Partial<v.InferOutput<typeof ProviderErrorBody>>): ErrorBody {
  const { message, param } = error;
  const isTooLong = message && TOO_LONG.some((pattern) => pattern.test(message));
  const code = isTooLong ? CONTEXT_LENGTH : (error.code ?? null);
  const type = code && REQUEST_ERROR_CODES.test(code) ? "invalid_request_error" : "server_error";
  return {
    message: message ?? "The provider reported an error.",
    type: error.type ?? type,
    param: param ?? null,
    code,
  };
}

/** Some servers write the error of a stream as an event. */
const EVENT_START = /^\s*(event:.*\s+)?data:/;

/**
 * Parses the error in a provider's JSON body; undefined when there is none. Reads `{"error": …}` with an object or a
 * text, the same in a list, and the fields without an envelope (`message`, or `detail` of FastAPI).
 */
export function readProviderError(text: string): ErrorBody | undefined {
  try {
    return providerErrorIn(JSON.parse(text.replace(EVENT_START, "")));
  } catch {
    return undefined;
  }
}

/** Returns the error in a provider's JSON; undefined when there is none. */
export function providerErrorIn(json: unknown): ErrorBody | undefined {
  if (Array.isArray(json)) return json.map(providerErrorIn).find((error) => error !== undefined);
  if (typeof json !== "object" || json === null) return undefined;
  const { error, errors, ...fields } = json as Record<string, unknown>;
  if (Array.isArray(errors) && error === undefined) return providerErrorIn(errors);
  const given = error ?? fields;
  const parsed = v.safeParse(ProviderErrorBody, given);
  if (!parsed.success) return undefined;
  const message = relayedMessage(given) ?? parsed.output.message ?? detailOf(fields);
  // An object without any field of an error is an answer of another kind.
  if (message === undefined && error === undefined) return undefined;
  const code = parsed.output.code ?? codeIn(fields);
  return toErrorBody({ ...parsed.output, message: message ?? null, code });
}

/** The message that OpenRouter relays from its own provider, beside "Provider returned error". */
function relayedMessage(error: unknown): string | undefined {
  const { metadata } = error as { metadata?: { raw?: unknown } | null };
  return typeof metadata?.raw === "string" ? readProviderError(metadata.raw)?.message : undefined;
}

/** The text of a validation error of FastAPI, which Mistral nests below `message`. */
function detailOf({ detail, message }: Record<string, unknown>): string | undefined {
  const given = detail ?? (message as { detail?: unknown } | null | undefined)?.detail;
  if (typeof given === "string") return given;
  if (!Array.isArray(given)) return undefined;
  const messages = given.flatMap((each: unknown) => {
    const { msg, loc } = (each ?? {}) as { msg?: unknown; loc?: unknown };
    if (typeof msg !== "string") return [];
    const path = Array.isArray(loc) ? loc.filter((part) => part !== "body").join(".") : "";
    return path === "" ? msg : `${path}: ${msg}`;
  });
  return messages.length > 0 ? messages.join("; ") : undefined;
}

/** A code beside the message. Some providers have a sentence or a status there. */
const codeIn = ({ code }: Record<string, unknown>) =>
  typeof code === "string" && /^[\w.-]+$/.test(code) ? code : null;
