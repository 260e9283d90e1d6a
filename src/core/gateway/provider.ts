// The only fetch to a provider.
// It forwards no header of the caller and puts no caller's string into a URL.

import * as v from "valibot";
import type { Provider } from "../catalog/schema.ts";
import type { Bindings } from "../env.ts";
import { connectionFault } from "../http/connection-fault.ts";
import { withDeadline } from "../http/deadline.ts";
import { apiError, InternalError } from "../errors.ts";
import { toLogged } from "../log.ts";
import type { ReadBytes } from "../http/read-at-most.ts";
import { readAtMost } from "../http/read-at-most.ts";
import { interruptedError } from "../relay/failure.ts";
import { providerAccess } from "../catalog/provider-access.ts";
import { jsonBody } from "./exchange.ts";
import { toProviderError, unreachableError } from "./provider-error.ts";

export const COUNTER_PATH = "/responses/input_tokens";
/** Only requests near a limit wait for the count. */
const COUNTER_MS = 5000;
/** The daily cron lists models, so no caller waits for it. */
const LIST_MS = 30_000;
/** The limit of an answer that is not streamed, unless the card has its own. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/** A request to one of a provider's routes. */
interface ProviderRequest {
  path: string;
  /** POST when there is a body, else GET. */
  method?: "GET" | "POST" | "DELETE";
  body?: BodyInit;
  headers?: Record<string, string>;
}

/**
 * Calls one of a provider's routes and returns a successful response. Throws an ApiError for any other status and for a
 * failed connection, and the signal's reason after an abort.
 */
export async function callProvider(
  env: Bindings,
  provider: Provider,
  { path, body, headers = {}, method = body === undefined ? "GET" : "POST" }: ProviderRequest,
  signal: AbortSignal,
): Promise<Response> {
  const access = providerAccess(env, provider);
  const message = { headers: { ...headers, ...access.headers }, ...(body === undefined ? {} : { body }) };
  const request = new Request(`${access.baseUrl}${path}`, { ...message, method, redirect: "manual", signal });
  let response: Response;
  try {
    response = await (env.UPSTREAM ? env.UPSTREAM.fetch(request) : fetch(request));
  } catch (cause) {
    signal.throwIfAborted();
    throw unreachableError(connectionFault(new URL(access.baseUrl).host, cause));
  }
  if (!response.ok) throw await toProviderError(response, Date.now());
  return response;
}

const InputTokens = v.object({ input_tokens: v.pipe(v.number(), v.integer(), v.minValue(0)) });

/** Returns the provider's exact input token count; undefined when it cannot count or takes longer than 5 s. */
export async function countInput(
  env: Bindings,
  provider: Provider,
  body: string | undefined,
): Promise<number | undefined> {
  if (!provider.counts_input || body === undefined) return undefined;
  try {
    const request = { path: COUNTER_PATH, ...jsonBody(body) };
    const count = async (signal: AbortSignal) => readText(await callProvider(env, provider, request, signal));
    return v.parse(InputTokens, JSON.parse(await withDeadline(COUNTER_MS, count))).input_tokens;
  } catch (error) {
    console.warn(JSON.stringify({ event: "input_not_counted", reason: toLogged(error) }));
    return undefined;
  }
}

/** A model in a provider's list. */
export interface ListedModel {
  id: string;
  /** YYYY-MM-DD. */
  shutdown_date?: string | null | undefined;
}

const ModelList = v.object({
  data: v.array(
    v.object({ id: v.string(), shutdown_date: v.fallback(v.nullish(v.pipe(v.string(), v.isoDate())), null) }),
  ),
});

/** Returns the provider's list of models. Throws an ApiError when the request fails or the list is not valid. */
export async function listModels(env: Bindings, provider: Provider): Promise<ListedModel[]> {
  const response = await callProvider(env, provider, { path: "/models" }, AbortSignal.timeout(LIST_MS));
  try {
    return v.parse(ModelList, JSON.parse(await readText(response))).data;
  } catch (cause) {
    throw apiError("provider_error", "The provider did not list its models.", { cause });
  }
}

/** Media types have no case, and may be followed by spaces (RFC 9110, section 8.3.1). */
export function isEventStream(response: Response): boolean {
  return /^\s*text\/event-stream\s*(;|$)/i.test(response.headers.get("content-type") ?? "");
}

/**
 * Returns the response body. Throws `provider_error` when it is missing, or is not the expected event stream. An answer
 * without a content type is taken for what was asked.
 */
export function requireBody(response: Response, readsEvents: boolean): ReadableStream<Uint8Array> {
  if (response.body && (!readsEvents || !response.headers.get("content-type") || isEventStream(response)))
    return response.body;
  throw apiError("provider_error", "The model did not stream its answer. Please try again.");
}

/** The content type of an answer that is passed through. */
export function contentTypeOf(response: Response): string {
  return response.headers.get("content-type") ?? "application/octet-stream";
}

/**
 * Reads the whole response as text, of at most `maxBytes` after decompression. Throws `provider_error` when it is
 * longer or the connection breaks. The rest of a longer response is cancelled.
 */
export async function readText(response: Response, maxBytes = MAX_ANSWER_BYTES): Promise<string> {
  let read: ReadBytes;
  try {
    read = await readAtMost(response.body, maxBytes);
  } catch (cause) {
    throw interruptedError(cause);
  }
  if (!read.isWhole) {
    const cause = new InternalError(`the answer has more than ${maxBytes} bytes: see max_answer_bytes in the card`);
    throw apiError("provider_error", "The model's answer is too large.", { cause });
  }
  return new TextDecoder().decode(read.bytes);
}

/** The provider's headers that are passed on to the caller: an allow-list. */
export function passedHeaders(response: Response): Record<string, string> {
  const processingMs = response.headers.get("openai-processing-ms");
  return processingMs === null ? {} : { "openai-processing-ms": processingMs };
}
