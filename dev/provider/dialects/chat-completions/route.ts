// POST /v1/chat/completions: reads the request, follows the script, and sends the answer whole or as a stream.
import { Hono } from "hono";
import { readBody } from "../../kernel/body.ts";
import { answerChat } from "./answer.ts";
import type { ChatMessage } from "./messages.ts";
import { readChatRequest } from "./request.ts";
import { createEnvelope, toCompletion, toFrames, toUsage } from "./wire.ts";
import { callerLeft, openAnswer, sendStream, sendWhole } from "../../kernel/delivery/delivery.ts";
import { type Env, now } from "../../kernel/env.ts";
import { readScript } from "../../moderation/judge.ts";

export const chat = new Hono<Env>().post("/", async (c) => {
  const request = readChatRequest(await readBody(c), now(c.env));
  const paceMs = Number(c.env.PACE_MS ?? 0);
  const { script, question } = readScript(lastUserText(request.messages), request.format, paceMs, "messages");
  if (!(await openAnswer(c, request, script))) return callerLeft();
  const choices = answerChat(request, script, question);
  const envelope = createEnvelope(request, now(c.env));
  const usage = script.no_usage ? undefined : toUsage(request, choices);
  if (!request.stream) {
    const tokens = choices.reduce((sum, choice) => sum + choice.pieces.length, 0);
    return sendWhole(c, toCompletion(envelope, choices, usage), tokens, script);
  }
  const { obfuscated, includeUsage } = request;
  const options = { obfuscated, includeUsage, usage: includeUsage ? usage : undefined };
  return sendStream(c, toFrames(envelope, choices, options), script);
});

function lastUserText(messages: ChatMessage[]): string {
  return messages.findLast((message) => message.role === "user")?.text ?? "";
}
