// The route POST /v1/chat/completions.
import { Hono } from "hono";
import { readBody } from "../../kernel/body.ts";
import { callerLeft, openAnswer, sendStream, sendWhole } from "../../kernel/delivery/delivery.ts";
import { type Env, now, paceMs } from "../../kernel/env.ts";
import type { ProviderHooks } from "../../kernel/feature.ts";
import { answerChat } from "./answer.ts";
import type { ChatMessage } from "./messages.ts";
import { readChatRequest } from "./request.ts";
import { createEnvelope, toChatFrames, toChatUsage, toCompletion } from "./wire.ts";

/** Creates the route with the hooks of the features. */
export function createChatCompletions(hooks: ProviderHooks): Hono<Env> {
  return new Hono<Env>().post("/", async (c) => {
    const request = readChatRequest(await readBody(c), now(c.env));
    const text = lastUserText(request.messages);
    const { script, question } = hooks.readScript(text, request.format, paceMs(c.env), "messages");
    if (!(await openAnswer(c, request, script))) return callerLeft();
    const choices = answerChat(request, script, question);
    const envelope = createEnvelope(request, now(c.env));
    const usage = script.no_usage ? undefined : toChatUsage(request, choices);
    if (!request.stream) {
      const tokens = choices.reduce((sum, choice) => sum + choice.pieces.length, 0);
      return sendWhole(c, toCompletion(envelope, choices, usage), tokens, script);
    }
    const { obfuscated, includeUsage } = request;
    const options = { obfuscated, includeUsage, usage: includeUsage ? usage : undefined };
    return sendStream(c, toChatFrames(envelope, choices, options), script);
  });
}

function lastUserText(messages: ChatMessage[]): string {
  return messages.findLast((message) => message.role === "user")?.text ?? "";
}
