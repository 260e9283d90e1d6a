// The only fetch to a provider. Request headers are built from nothing; no string of a caller is part of the URL.

import * as v from "valibot";
import type { Provider } from "../catalog/schema.ts";
import type { Bindings } from "../env.ts";
import { apiError } from "../errors.ts";
import { toLogged } from "../log.ts";
import { brokenOff } from "../relay/failure.ts";
import { providerAccess } from "../catalog/provider-access.ts";
import { jsonBody } from "./exchange.ts";
import { toProviderError, unreachable } from "./provider-error.ts";

const COUNTER_PATH = "/responses/input_tokens";
/** A caller near the limit waits for the count, but not for long. */
const COUNTER_MS = 5000;
/** Nobody waits for the list of models. */
const LIST_MS = 30_000;

/** A request to one of a provider's routes. */
interface ProviderRequest {
  path: string;
  /** POST when there is a body, else GET. */
  method?: "GET" | "POST" | "DELETE";
  body?: BodyInit;
  headers?: Record<string, string>;
}

/**
 * Asks one of a provider's routes and returns the answer when it is a success. Everything else is thrown: an ApiError,
 * or the signal's reason when that ended the call.
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
    throw unreachable(cause);
  }
  if (!response.ok) throw await toProviderError(response);
  return response;
}

const InputTokens = v.object({ input_tokens: v.pipe(v.number(), v.integer(), v.minValue(0)) });

/** The provider's exact count of an input's tokens, or undefined when it does not count, or not in time. */
export async function countInput(
  env: Bindings,
  provider: Provider,
  body: string | undefined,
): Promise<number | undefined> {
  if (!provider.counts_input || body === undefined) return undefined;
  try {
    const response = await callProvider(
      env,
      provider,
      { path: COUNTER_PATH, ...jsonBody(body) },
      AbortSignal.timeout(COUNTER_MS),
    );
    return v.parse(InputTokens, await response.json()).input_tokens;
  } catch (error) {
    console.warn(JSON.stringify({ event: "input_not_counted", reason: toLogged(error) }));
    return undefined;
  }
}

/** A model as a provider lists it. */
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

/** The models that a provider says it serves. Throws an ApiError when it does not answer so. */
export async function listModels(env: Bindings, provider: Provider): Promise<ListedModel[]> {
  const response = await callProvider(env, provider, { path: "/models" }, AbortSignal.timeout(LIST_MS));
  try {
    return v.parse(ModelList, await response.json()).data;
  } catch (cause) {
    throw apiError("provider_error", "The provider did not list its models.", { cause });
  }
}

export function isEventStream(response: Response): boolean {
  return response.headers.get("content-type")?.startsWith("text/event-stream") === true;
}

/** The bytes of an answer. Throws `provider_error` when it has none, or should stream events and does not. */
export function requireBody(response: Response, kind: "stream" | "bytes"): ReadableStream<Uint8Array> {
  if (response.body && (kind === "bytes" || isEventStream(response))) return response.body;
  throw apiError("provider_error", "The model did not stream its answer. Please try again.");
}

/** The provider's content type for an answer that passes through unread. */
export function contentTypeOf(response: Response): string {
  return response.headers.get("content-type") ?? "application/octet-stream";
}

/** The text of an answer that comes whole. A connection that breaks off is the provider's fault. */
export async function readWhole(response: Response): Promise<string> {
  try {
    return await response.text();
  } catch (cause) {
    throw brokenOff(cause);
  }
}

/** The provider's headers that a caller may see. */
export function passedHeaders(response: Response): Record<string, string> {
  const took = response.headers.get("openai-processing-ms");
  return took === null ? {} : { "openai-processing-ms": took };
}
