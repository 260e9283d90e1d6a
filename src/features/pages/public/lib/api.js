// Requests to Weir, and errors in words that a person understands.

import { formatTime } from "./dom.js";
import { token } from "./session.js";

/**
 * @typedef {{ message: string, code: string, window?: string, reset_at?: number, fits_plan?: boolean }} ErrorBody
 * @typedef {{ method?: string, body?: unknown, bearer?: string, headers?: Record<string, string>,
 *   signal?: AbortSignal | undefined }} Options
 */

/** An error response of Weir, or a request that did not arrive. */
export class ApiProblem extends Error {
  /**
   * @param {number} status 0 when there was no response
   * @param {ErrorBody} body
   */
  constructor(status, body) {
    super(body.message);
    this.status = status;
    this.body = body;
  }
}

/**
 * Sends a request with the user's token, or with `bearer`. Throws an ApiProblem unless it succeeds.
 * @param {string} path
 * @param {Options} [options]
 * @returns {Promise<Response>}
 */
export async function request(path, { method, body, bearer = token(), headers = {}, signal } = {}) {
  const withBody = body === undefined ? {} : { body: JSON.stringify(body) };
  let response;
  try {
    response = await fetch(path, {
      method: method ?? (body === undefined ? "GET" : "POST"),
      headers: {
        ...(bearer === "" ? {} : { authorization: `Bearer ${bearer}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      // Answers can hold a person's data, so they stay out of the browser's cache.
      cache: "no-store",
      signal: signal ?? null,
      ...withBody,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiProblem(0, { message: "The server could not be reached.", code: "" });
  }
  if (response.ok) return response;
  throw new ApiProblem(response.status, await errorOf(response));
}

/**
 * Sends a request and returns the JSON of its response.
 * @param {string} path
 * @param {Options} [options]
 * @returns {Promise<any>}
 */
export async function json(path, options) {
  return (await request(path, options)).json();
}

/**
 * @param {Response} response
 * @returns {Promise<ErrorBody>}
 */
async function errorOf(response) {
  const parsed = await response.json().catch(() => undefined);
  return parsed?.error ?? { message: `The server answered with status ${response.status}.`, code: "" };
}

/**
 * Explains an error: a title, and what the user can do.
 * @param {unknown} thrown
 * @returns {{ title: string, advice: string }}
 */
export function explain(thrown) {
  if (!(thrown instanceof ApiProblem)) return { title: "Something went wrong on this page", advice: String(thrown) };
  return explainBody(thrown.body);
}

/**
 * Explains the error of a response or of a stream.
 * @param {ErrorBody} body
 * @returns {{ title: string, advice: string }}
 */
export function explainBody(body) {
  switch (body.code) {
    case "invalid_api_key":
      return {
        title: "Your token is missing, expired or not valid",
        advice: "Paste a new token: use the button Token above.",
      };
    case "insufficient_quota": {
      const until = body.reset_at === undefined ? "" : ` It is full again on ${formatTime(body.reset_at)}.`;
      return { title: "Your quota is used up", advice: `The limit of ${words(body.window)} is reached.${until}` };
    }
    case "plan_limit_exceeded":
      return { title: "This request is too large for your plan", advice: body.message };
    case "concurrency_limit_exceeded":
      return { title: "Another answer is still running", advice: "Wait until it has ended, and send again." };
    case "content_policy_violation":
      return { title: "This content is not allowed here", advice: "Change the text or the picture, and send again." };
    case "user_blocked":
      return { title: "This user is blocked", advice: "Please contact support." };
    case "provider_error":
    case "provider_overloaded":
    case "provider_timeout":
      return { title: "The model did not answer", advice: body.message };
    default:
      return { title: body.message, advice: body.code === "" ? "" : `Code: ${body.code}` };
  }
}

/**
 * Writes a window's key as words: "tokens/day" becomes "tokens per day".
 * @param {string | undefined} key
 */
const words = (key) => (key ?? "your plan").replace("/", " per ").replace("/", " of ");
