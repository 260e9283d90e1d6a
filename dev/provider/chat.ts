// POST /v1/chat/completions: reads the request, follows the script, and sends the answer whole or as a stream.
import { type Context, Hono } from "hono";
import { readBody } from "./body.ts";
import { answerChat, type Choice } from "./chat-answer.ts";
import type { ChatMessage } from "./chat-messages.ts";
import { type ChatRequest, readChatRequest } from "./chat-request.ts";
import { createEnvelope, toCompletion, toFrames, toUsage } from "./chat-wire.ts";
import { type Env, now } from "./env.ts";
import { createFault } from "./faults.ts";
import { createPacedStream } from "./paced-stream.ts";
import { pause, waitForever } from "./pause.ts";
import { rateLimitHeaders } from "./rate-limits.ts";
import { type Script, splitScript } from "./script.ts";

const CALLER_LEFT = 499;

export const chat = new Hono<Env>().post("/", async (c) => {
  const request = readChatRequest(await readBody(c), now(c.env));
  const { script, question } = splitScript(lastUserText(request.messages), Number(c.env.PACE_MS ?? 0));
  const { left } = c.var.exchange;
  if (!(await pause(script.first_ms ?? 0, left))) return callerLeft();
  for (const [name, value] of rateLimitHeaders(request, script)) c.header(name, value);
  if (script.status !== undefined) throw createFault(script.status, script.retry_after);
  const choices = answerChat(request, script, question);
  return request.stream ? sendStream(c, request, script, choices) : sendWhole(c, request, script, choices);
});

function sendStream(c: Context<Env>, request: ChatRequest, script: Script, choices: Choice[]): Response {
  const { obfuscated, includeUsage } = request;
  const usage = includeUsage && !script.no_usage ? toUsage(request, choices) : undefined;
  const frames = toFrames(createEnvelope(request, now(c.env)), choices, { obfuscated, includeUsage, usage });
  c.header("content-type", "text/event-stream; charset=utf-8");
  c.header("cache-control", "no-cache");
  return c.body(createPacedStream(frames, script, c.var.exchange));
}

async function sendWhole(c: Context<Env>, request: ChatRequest, script: Script, choices: Choice[]): Promise<Response> {
  const { exchange } = c.var;
  const tokens = choices.reduce((sum, choice) => sum + choice.pieces.length, 0);
  const reaches = (limit: number | undefined) => limit !== undefined && limit <= tokens;
  if (reaches(script.stall_after)) await waitForever(exchange.left);
  if (!(await pause((script.delay_ms ?? 0) * tokens, exchange.left))) return callerLeft();
  if (reaches(script.error_after)) throw createFault(500);
  const usage = script.no_usage ? undefined : toUsage(request, choices);
  const completion = toCompletion(createEnvelope(request, now(c.env)), choices, usage);
  exchange.produced(tokens);
  if (!reaches(script.cut_after) && script.split === undefined) return c.json(completion);
  // The object is one frame: cut before it, or delivered in pieces.
  const frames = { head: [], tokenCount: 0, token: () => "", tail: [JSON.stringify(completion)] };
  const { split } = script;
  const faults = { ...(split && { split }), ...(reaches(script.cut_after) && { cut_after: 0 }) };
  c.header("content-type", "application/json");
  return c.body(createPacedStream(frames, faults, exchange));
}

function lastUserText(messages: ChatMessage[]): string {
  return messages.findLast((message) => message.role === "user")?.text ?? "";
}

function callerLeft(): Response {
  return new Response(null, { status: CALLER_LEFT });
}
