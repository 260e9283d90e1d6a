// How an answer leaves, whichever endpoint made it: what the script wants before the head of the response, then a stream or
// one JSON object.
import type { Context } from "hono";
import type { Env } from "../env.ts";
import { createFault } from "../faults.ts";
import { createPacedStream, type Frames } from "./paced-stream.ts";
import { pause, waitForever } from "./pause.ts";
import { type Metered, rateLimitHeaders } from "./rate-limits.ts";
import type { Script } from "../script.ts";

const CALLER_LEFT = 499;

/** Waits as scripted and sets the rate-limit headers. Throws the scripted failure; false when the caller has left. */
export async function openAnswer(c: Context<Env>, request: Metered, script: Script): Promise<boolean> {
  if (!(await pause(script.first_ms ?? 0, c.var.exchange.left))) return false;
  for (const [name, value] of rateLimitHeaders(request, script)) c.header(name, value);
  if (script.status !== undefined) throw createFault(script.status, script.retry_after);
  return true;
}

/** Sends frames as server-sent events. */
export function sendStream(c: Context<Env>, frames: Frames, script: Script): Response {
  c.header("content-type", "text/event-stream; charset=utf-8");
  c.header("cache-control", "no-cache");
  return c.body(createPacedStream(frames, script, c.var.exchange));
}

/** Sends an object once its `tokens` tokens are due. Scripted failures that these tokens reach come instead of it. */
export async function sendWhole(c: Context<Env>, answer: object, tokens: number, script: Script): Promise<Response> {
  const { exchange } = c.var;
  if (reaches(script.stall_after, tokens)) await waitForever(exchange.left);
  if (!(await pause((script.delay_ms ?? 0) * tokens, exchange.left))) return callerLeft();
  if (reaches(script.error_after, tokens)) throw createFault(500);
  exchange.produced(tokens);
  const cut = reaches(script.cut_after, tokens);
  if (!cut && script.split === undefined) return c.json(answer);
  // The object is one frame: cut before it, or delivered in pieces.
  const { split } = script;
  const faults = { ...(split && { split }), ...(cut && { cut_after: 0 }) };
  c.header("content-type", "application/json");
  return c.body(createPacedStream(wholeFrame(answer), faults, exchange));
}

/** Whether an answer of that many tokens gets as far as a scripted failure. */
export function reaches(limit: number | undefined, tokens: number): boolean {
  return limit !== undefined && limit <= tokens;
}

/** What nobody reads any more. */
export function callerLeft(): Response {
  return new Response(null, { status: CALLER_LEFT });
}

function wholeFrame(answer: object): Frames {
  return { head: [], tokenCount: 0, token: () => "", tail: [JSON.stringify(answer)], failure: () => "" };
}
