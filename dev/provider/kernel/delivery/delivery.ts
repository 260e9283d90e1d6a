// Sends an answer as its script says: as server-sent events or as one JSON object.
import type { Context } from "hono";
import type { Work } from "../bill.ts";
import type { Env } from "../env.ts";
import { createFault } from "../faults.ts";
import type { Script } from "../script.ts";
import { createPacedStream, type Frames } from "./paced-stream.ts";
import { pause, waitForever } from "./pause.ts";
import { type RateLimited, rateLimitHeaders } from "./rate-limits.ts";

const CALLER_LEFT = 499;

/**
 * Begins the work, unless the script refuses it. Then waits for `first_ms` and sets the rate-limit headers. Returns
 * false when the caller has left in the meantime. Throws the failure that the script demands.
 */
export async function openAnswer(
  c: Context<Env>,
  request: RateLimited,
  script: Script,
  work: Pick<Work, "reasoning" | "tokens" | "isWhole" | "outlivesRequest" | "seconds" | "characters">,
): Promise<boolean> {
  const { model, promptTokens } = request;
  if (script.status === undefined) {
    c.var.exchange.beginWork({ ...work, model: model.snapshotId, promptTokens, script });
  }
  if (!(await pause(script.first_ms ?? 0, c.var.exchange.signal))) return false;
  for (const [name, value] of rateLimitHeaders(request, script)) c.header(name, value);
  if (script.status !== undefined) throw createFault(script.status, script.retry_after);
  return true;
}

/** Sends frames as server-sent events, paced by the script. */
export function sendStream(c: Context<Env>, frames: Frames, script: Script): Response {
  c.header("content-type", "text/event-stream; charset=utf-8");
  c.header("cache-control", "no-cache");
  return c.body(createPacedStream(frames, script, c.var.exchange));
}

/** Sends a JSON object after the time that its tokens take. A scripted failure within these tokens replaces it. */
export async function sendWhole(c: Context<Env>, answer: object, tokens: number, script: Script): Promise<Response> {
  const { exchange } = c.var;
  if (reaches(script.stall_after, tokens)) await waitForever(exchange.signal);
  const generationMs = (script.think_ms ?? 0) + (script.delay_ms ?? 0) * tokens;
  if (!(await pause(generationMs, exchange.signal))) return callerLeft();
  if (reaches(script.error_after, tokens)) throw createFault(500);
  exchange.countTokens(tokens);
  const cut = reaches(script.cut_after, tokens);
  if (!cut && script.split === undefined) return c.json(answer);
  // The object travels as one frame, either cut before it or split.
  const { split } = script;
  const faults = { ...(split && { split }), ...(cut && { cut_after: 0 }) };
  c.header("content-type", "application/json");
  return c.body(createPacedStream(wholeFrame(answer), faults, exchange));
}

/** True when an answer of that many tokens reaches a scripted limit. */
export function reaches(limit: number | undefined, tokens: number): boolean {
  return limit !== undefined && limit <= tokens;
}

/** The response to a caller who has left. */
export function callerLeft(): Response {
  return new Response(null, { status: CALLER_LEFT });
}

function wholeFrame(answer: object): Frames {
  return { head: [], tokenCount: 0, token: () => "", tail: [JSON.stringify(answer)], failure: () => "" };
}
